/**
 * The safetensors format: eight bytes of header length, a JSON header, raw tensors.
 *
 * Tensors are read and written one at a time, so a file needs no more memory than its tensors do.
 * @module
 */
import { z } from "zod";

/** A tensor in memory: row-major float32, whatever precision it is stored in. */
export interface Tensor {
  /** Sizes, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** The values; as many as the product of `shape`. */
  readonly data: Float32Array<ArrayBuffer>;
}

/** Precisions that can be read. */
export type StoredType = "F32" | "F16" | "BF16";

/** A tensor as a file holds it. */
export interface StoredTensor extends Tensor {
  /** Precision on disk. */
  readonly dtype: StoredType;
}

const BYTES: Readonly<Record<StoredType, number>> = { F32: 4, F16: 2, BF16: 2 };
const LARGEST_HEADER = 100_000_000;

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const headerSchema = z.record(z.string(), z.unknown());
type Entry = z.infer<typeof entrySchema> & { name: string; dtype: StoredType };

/**
 * Reads every tensor of a file.
 *
 * @param path file to read
 * @returns name → tensor, in the order of the file; F16 and BF16 are widened to float32
 * @throws {TypeError} when the file is not well-formed safetensors or has another element type
 */
export function readSafetensors(path: string): Map<string, StoredTensor> {
  return new Map(eachSafetensor(path));
}

/**
 * As {@linkcode readSafetensors}, one tensor after another: none is kept.
 *
 * @throws {TypeError} when the file is not well-formed safetensors or has another element type
 */
export function* eachSafetensor(path: string): Generator<[name: string, tensor: StoredTensor]> {
  using file = Deno.openSync(path, { read: true });
  const { entries, start } = readHeader(file, file.statSync().size, path);
  for (const { name, dtype, shape, data_offsets: [begin] } of entries) {
    file.seekSync(start + begin, Deno.SeekMode.Start);
    yield [name, { shape, dtype, data: readData(file, dtype, product(shape)) }];
  }
}

/**
 * Shapes of a file's tensors by name, in the order of the file; the tensors are not read.
 *
 * @throws {TypeError} when the file is not well-formed safetensors or has another element type
 */
export function readSafetensorShapes(path: string): Map<string, readonly number[]> {
  using file = Deno.openSync(path, { read: true });
  const { entries } = readHeader(file, file.statSync().size, path);
  return new Map(entries.map(({ name, shape }) => [name, shape]));
}

function malformed(path: string, problem: string): TypeError {
  return new TypeError(
    `${path} is not a valid safetensors file: ${problem}. Download or export it again.`,
  );
}

function readHeader(
  file: Deno.FsFile,
  size: number,
  path: string,
): { entries: Entry[]; start: number } {
  if (size < 8) {
    throw malformed(path, `expected at least 8 bytes, got ${size}`);
  }
  const prefix = new DataView(readBytes(file, 8).buffer);
  const length = Number(prefix.getBigUint64(0, true));
  if (length > Math.min(size - 8, LARGEST_HEADER)) {
    throw malformed(
      path,
      `the header claims ${length} bytes, but ${size - 8} follow`,
    );
  }
  const header = parseHeader(readBytes(file, length), path);
  const entries = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => parseEntry(name, value, path))
    .sort((a, b) => a.data_offsets[0] - b.data_offsets[0]);
  let end = 0;
  for (const { name, data_offsets: [begin, after] } of entries) {
    if (begin !== end) {
      throw malformed(
        path,
        `tensor "${name}" should begin at byte ${end} of the data, not ${begin}`,
      );
    }
    end = after;
  }
  if (8 + length + end !== size) {
    throw malformed(
      path,
      `its tensors need ${8 + length + end} bytes, the file has ${size}`,
    );
  }
  return { entries, start: 8 + length };
}

function parseHeader(
  bytes: Uint8Array<ArrayBuffer>,
  path: string,
): Record<string, unknown> {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return headerSchema.parse(JSON.parse(text));
  } catch {
    throw malformed(path, "its header is not a JSON object");
  }
}

function parseEntry(name: string, value: unknown, path: string): Entry {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) {
    throw malformed(
      path,
      `tensor "${name}" lacks a proper dtype, shape or data_offsets`,
    );
  }
  const { dtype, shape, data_offsets: [begin, end] } = parsed.data;
  if (dtype !== "F32" && dtype !== "F16" && dtype !== "BF16") {
    throw new TypeError(
      `${path}: tensor "${name}" is ${dtype}; expected F32, F16 or BF16. Convert the model to one of them.`,
    );
  }
  const expected = product(shape) * BYTES[dtype];
  if (end - begin !== expected) {
    throw malformed(
      path,
      `tensor "${name}" of shape [${shape}] in ${dtype} needs ${expected} bytes, its offsets span ${
        end - begin
      }`,
    );
  }
  return { ...parsed.data, name, dtype };
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, size) => total * size, 1);
}

function readBytes(
  file: Deno.FsFile,
  length: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const read = file.readSync(bytes.subarray(done));
    if (read === null) {
      throw new Deno.errors.UnexpectedEof(
        `expected ${length} bytes, the file ended after ${done}`,
      );
    }
    done += read;
  }
  return bytes;
}

function readData(
  file: Deno.FsFile,
  dtype: StoredType,
  count: number,
): Float32Array<ArrayBuffer> {
  const { buffer } = readBytes(file, count * BYTES[dtype]);
  if (dtype === "F32") return new Float32Array(buffer);
  if (dtype === "F16") return Float32Array.from(new Float16Array(buffer));
  // BF16 is the upper half of a float32.
  const bits = Uint32Array.from(new Uint16Array(buffer), (half) => half << 16);
  return new Float32Array(bits.buffer);
}

/**
 * Writes tensors as float32. The same tensors give the same bytes: names are sorted, the header is
 * padded with spaces to a multiple of eight, and nothing else enters it.
 *
 * @param path file to create or replace
 * @param tensors name → tensor
 * @throws {RangeError} when a tensor's data does not fill its shape
 */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
): void {
  const sorted = [...tensors].sort(([a], [b]) => a < b ? -1 : 1);
  for (const [name, { shape, data }] of sorted) requireSize(path, name, shape, data);
  using file = startFile(path, sorted.map(([name, { shape }]) => [name, shape]));
  for (const [, { data }] of sorted) writeBytes(file, bytesIn(data));
}

/**
 * Writes tensors as float32 as they come, so that no two need be in memory at once.
 *
 * @param path file to create or replace
 * @param shapes name → sizes of every tensor, in the order in which they come
 * @param tensors name and elements of each
 * @throws {RangeError} when another tensor comes, or its data does not fill its shape
 */
export async function writeSafetensorsAsTheyCome(
  path: string,
  shapes: ReadonlyMap<string, readonly number[]>,
  tensors: AsyncIterable<readonly [name: string, data: Float32Array]>,
): Promise<void> {
  using file = startFile(path, [...shapes]);
  const expected = shapes.entries();
  for await (const [name, data] of tensors) {
    const next = expected.next().value;
    if (next?.[0] !== name) {
      throw new RangeError(`cannot write ${path}: expected tensor "${next?.[0]}", got "${name}"`);
    }
    requireSize(path, name, next[1], data);
    writeBytes(file, bytesIn(data));
  }
  const { value: missing } = expected.next();
  if (missing === undefined) return;
  throw new RangeError(`cannot write ${path}: tensor "${missing[0]}" did not come`);
}

function requireSize(
  path: string,
  name: string,
  shape: readonly number[],
  { length }: Float32Array,
): void {
  if (product(shape) === length) return;
  throw new RangeError(
    `cannot write ${path}: tensor "${name}" of shape [${shape}] needs ${
      product(shape)
    } values, got ${length}`,
  );
}

/** A file with a header; the tensors follow in the same order. */
function startFile(path: string, shapes: readonly [string, readonly number[]][]): Deno.FsFile {
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  let offset = 0;
  for (const [name, shape] of shapes) {
    const end = offset + product(shape) * BYTES.F32;
    header[name] = { dtype: "F32", shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(0x20);
  new DataView(padded.buffer).setBigUint64(0, BigInt(padded.length - 8), true);
  padded.set(text, 8);
  const file = Deno.openSync(path, { write: true, create: true, truncate: true });
  writeBytes(file, padded);
  return file;
}

function bytesIn({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function writeBytes(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    done += file.writeSync(bytes.subarray(done));
  }
}
