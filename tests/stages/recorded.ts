/**
 * Commands run with the console recorded.
 * @module
 */

/** Runs a command in this process; gives its exit code and what it printed. */
export async function runRecorded(
  command: (args: string[]) => Promise<number>,
  args: string[],
): Promise<{ code: number; out: string; err: string }> {
  const { log, error } = console;
  let out = "";
  let err = "";
  console.log = (text: string) => out += `${text}\n`;
  console.error = (text: string) => err += `${text}\n`;
  try {
    return { code: await command(args), out, err };
  } finally {
    Object.assign(console, { log, error });
  }
}
