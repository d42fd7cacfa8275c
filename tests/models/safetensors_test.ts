import { assertEquals, assertRejects, assertThrows } from "../../std/assert.ts";
import {
  eachSafetensor,
  readSafetensors,
  readSafetensorShapes,
  writeSafetensors,
  writeSafetensorsAsTheyCome,
} from "../../models/safetensors.ts";

const path = () => Deno.makeTempFileSync({ suffix: ".safetensors" });

function fileOf(header: unknown, data: ArrayBuffer): string {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const file = path();
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(text.length), true);
  Deno.writeFileSync(
    file,
    new Uint8Array([
      ...new Uint8Array(length.buffer),
      ...text,
      ...new Uint8Array(data),
    ]),
  );
  return file;
}

Deno.test("what is written is read back", () => {
  const file = path();
  const tensors = new Map([
    ["b", { shape: [2, 3], data: new Float32Array([1, 2, 3, -4, 5e-9, 6]) }],
    ["a", { shape: [], data: new Float32Array([Math.PI]) }],
    ["c", { shape: [0, 4], data: new Float32Array(0) }],
  ]);
  writeSafetensors(file, tensors);
  const read = readSafetensors(file);
  assertEquals([...read.keys()].sort(), ["a", "b", "c"]);
  for (const [name, tensor] of tensors) {
    assertEquals(read.get(name), { dtype: "F32", ...tensor });
  }
});

Deno.test("the bytes do not depend on the order of the tensors", () => {
  const a = { shape: [1], data: new Float32Array([1]) };
  const b = { shape: [1], data: new Float32Array([2]) };
  const [one, two] = [path(), path()];
  writeSafetensors(one, new Map([["a", a], ["b", b]]));
  writeSafetensors(two, new Map([["b", b], ["a", a]]));
  assertEquals(Deno.readFileSync(one), Deno.readFileSync(two));
});

Deno.test("tensors written as they come are read one after another, in that order", async () => {
  const file = path();
  const shapes = new Map([["b", [2, 2]], ["a", []], ["c", [0, 4]]]);
  const data: [string, Float32Array<ArrayBuffer>][] = [
    ["b", new Float32Array([1, 2, 3, -4])],
    ["a", new Float32Array([Math.PI])],
    ["c", new Float32Array(0)],
  ];
  async function* comes(tensors: typeof data) {
    yield* tensors;
  }
  await writeSafetensorsAsTheyCome(file, shapes, comes(data));
  assertEquals([...readSafetensorShapes(file)], [...shapes]);
  assertEquals([...eachSafetensor(file)].map(([name, { data }]) => [name, data]), data);
  const wrong: [typeof data, string][] = [
    [data.slice(1), 'expected tensor "b", got "a"'],
    [data.slice(0, 2), 'tensor "c" did not come'],
    [[...data, data[0]!], 'expected tensor "undefined", got "b"'],
    [[["b", new Float32Array(3)]], "needs 4 values, got 3"],
  ];
  for (const [tensors, message] of wrong) {
    const write = () => writeSafetensorsAsTheyCome(file, shapes, comes(tensors));
    await assertRejects(write, RangeError, message);
  }
});

Deno.test("half precisions are widened", () => {
  const halves = new Uint16Array([0x3c00, 0xc000, 0x0001, 0x3f80, 0xc000]);
  const tensors = readSafetensors(fileOf({
    f: { dtype: "F16", shape: [3], data_offsets: [0, 6] },
    b: { dtype: "BF16", shape: [2], data_offsets: [6, 10] },
  }, halves.buffer));
  assertEquals(tensors.get("f")?.data, new Float32Array([1, -2, 2 ** -24]));
  assertEquals(tensors.get("b")?.data, new Float32Array([1, -2]));
});

Deno.test("malformed files are refused with the reason", () => {
  const entry = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
  const eight = new ArrayBuffer(8);
  const cases: [string, string][] = [
    [path(), "expected at least 8 bytes, got 0"],
    [fileOf([1], eight), "its header is not a JSON object"],
    [fileOf({ x: { dtype: "F32" } }, eight), `"x" lacks a proper dtype`],
    [fileOf({ x: { ...entry, dtype: "I64" } }, eight), `"x" is I64`],
    [fileOf({ x: { ...entry, shape: [3] } }, eight), "needs 12 bytes"],
    [fileOf({ x: { ...entry, data_offsets: [4, 12] } }, eight), "begin at"],
    [fileOf({ x: entry }, new ArrayBuffer(4)), "the file has"],
  ];
  for (const [file, message] of cases) {
    assertThrows(() => readSafetensors(file), TypeError, message);
  }
  const long = path();
  Deno.writeFileSync(long, new Uint8Array(16).fill(1));
  assertThrows(() => readSafetensors(long), TypeError, "the header claims");
});

Deno.test("data must fill its shape", () => {
  const tensor = { shape: [2, 2], data: new Float32Array(3) };
  assertThrows(
    () => writeSafetensors(path(), new Map([["x", tensor]])),
    RangeError,
    "needs 4 values, got 3",
  );
});
