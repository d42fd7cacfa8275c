/**
 * The part of ONNX's protobuf schema (onnx.proto) a model needs, as types and their encoding.
 *
 * Fields are written in the order of their numbers, so the same model gives the same bytes.
 * @module
 */
import { BinaryWriter } from "@bufbuild/protobuf/wire";

/** Element types of tensors. */
export type ElementType = "float" | "int64" | "bool";

const ELEMENT_TYPES: Readonly<Record<ElementType, number>> = {
  float: 1,
  int64: 7,
  bool: 9,
};

/** A constant of a graph: a parameter of the model, or a number its nodes need. */
export interface Constant {
  /** Name nodes refer to. */
  readonly name: string;
  /** Sizes; empty for a scalar. */
  readonly shape: readonly number[];
  /** Row-major values; their class gives the element type. */
  readonly data: Float32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>;
}

/** An attribute's value: an integer, a list of integers, a text, or `{ float }`. */
export type Attribute = number | readonly number[] | string | {
  readonly float: number;
} | { readonly element: ElementType };

/** One operation. */
export interface Node {
  /** Operator of the standard opset, as `MatMul`. */
  readonly operator: string;
  /** Unique name, for error messages. */
  readonly name: string;
  /** Names of values. */
  readonly inputs: readonly string[];
  /** Names it gives to its results. */
  readonly outputs: readonly string[];
  /** Attributes by name. */
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** An input or output of a graph. */
export interface Port {
  /** Its name. */
  readonly name: string;
  /** Element type. */
  readonly type: ElementType;
  /** Sizes; a name stands for a size that is known when the model runs. */
  readonly shape: readonly (number | string)[];
}

/** A graph with one version of the standard operators. */
export interface OnnxModel {
  /** Version of the file format. */
  readonly irVersion: number;
  /** Version of the standard operators. */
  readonly opset: number;
  /** Program that made it. */
  readonly producer: string;
  /** Name of the graph. */
  readonly name: string;
  /** Operations in an order in which they can run. */
  readonly nodes: readonly Node[];
  /** Constants. */
  readonly constants: readonly Constant[];
  /** What a caller gives. */
  readonly inputs: readonly Port[];
  /** What a caller gets. */
  readonly outputs: readonly Port[];
}

// A protobuf message may not exceed this, whatever the language that reads it.
const LARGEST = 2 ** 31 - 1;

/**
 * Encodes a model as the bytes of a `.onnx` file.
 *
 * @throws {RangeError} when its constants exceed the 2 GiB a protobuf message may have
 */
export function encodeModel(model: OnnxModel): Uint8Array<ArrayBuffer> {
  const bytes = model.constants.reduce((n, { data }) => n + data.byteLength, 0);
  if (bytes > 0.99 * LARGEST) {
    throw new RangeError(
      `the model has ${bytes} bytes of constants; one ONNX file holds at most ${LARGEST}. Export a smaller model.`,
    );
  }
  const writer = new BinaryWriter();
  writer.tag(1, VARINT).int64(model.irVersion);
  text(writer, 2, model.producer);
  message(writer, 7, (graph) => encodeGraph(graph, model));
  message(writer, 8, (opset) => opset.tag(2, VARINT).int64(model.opset));
  return writer.finish();
}

const VARINT = 0;
const FIXED32 = 5;
const DELIMITED = 2;

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, DELIMITED).string(value);
}

function message(
  writer: BinaryWriter,
  field: number,
  encode: (inner: BinaryWriter) => void,
): void {
  writer.tag(field, DELIMITED).fork();
  encode(writer);
  writer.join();
}

function encodeGraph(writer: BinaryWriter, model: OnnxModel): void {
  for (const node of model.nodes) {
    message(writer, 1, (inner) => encodeNode(inner, node));
  }
  text(writer, 2, model.name);
  for (const constant of model.constants) {
    message(writer, 5, (inner) => encodeConstant(inner, constant));
  }
  for (const port of model.inputs) {
    message(writer, 11, (inner) => encodePort(inner, port));
  }
  for (const port of model.outputs) {
    message(writer, 12, (inner) => encodePort(inner, port));
  }
}

function encodeNode(writer: BinaryWriter, node: Node): void {
  for (const input of node.inputs) text(writer, 1, input);
  for (const output of node.outputs) text(writer, 2, output);
  text(writer, 3, node.name);
  text(writer, 4, node.operator);
  for (const [name, value] of Object.entries(node.attributes)) {
    message(writer, 5, (inner) => encodeAttribute(inner, name, value));
  }
}

function encodeAttribute(
  writer: BinaryWriter,
  name: string,
  value: Attribute,
): void {
  const kind = (type: number) => writer.tag(20, VARINT).int32(type);
  text(writer, 1, name);
  if (typeof value === "number") {
    writer.tag(3, VARINT).int64(value);
    kind(2);
  } else if (typeof value === "string") {
    text(writer, 4, value);
    kind(3);
  } else if ("float" in value) {
    writer.tag(2, FIXED32).float(value.float);
    kind(1);
  } else if ("element" in value) {
    writer.tag(3, VARINT).int64(ELEMENT_TYPES[value.element]);
    kind(2);
  } else {
    for (const item of value) writer.tag(8, VARINT).int64(item);
    kind(7);
  }
}

function encodeConstant(writer: BinaryWriter, constant: Constant): void {
  const { name, shape, data } = constant;
  for (const size of shape) writer.tag(1, VARINT).int64(size);
  const type = data instanceof Float32Array ? "float" : "int64";
  writer.tag(2, VARINT).int32(ELEMENT_TYPES[type]);
  text(writer, 8, name);
  writer.tag(9, DELIMITED).bytes(
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  );
}

function encodePort(writer: BinaryWriter, { name, type, shape }: Port): void {
  text(writer, 1, name);
  message(writer, 2, (value) =>
    message(value, 1, (tensor) => {
      tensor.tag(1, VARINT).int32(ELEMENT_TYPES[type]);
      message(tensor, 2, (sizes) => {
        for (const size of shape) {
          message(sizes, 1, (dimension) => {
            if (typeof size === "string") text(dimension, 2, size);
            else dimension.tag(1, VARINT).int64(size);
          });
        }
      });
    }));
}
