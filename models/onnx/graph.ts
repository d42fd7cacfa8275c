/**
 * Builds an ONNX graph node by node: each call adds an operation and gives the name of its result.
 * @module
 */
import type { Attribute, Constant, Node, Port } from "./protobuf.ts";

/** A graph under construction. */
export class GraphBuilder {
  /** Operations so far. */
  readonly nodes: Node[] = [];
  /** Constants so far. */
  readonly constants: Constant[] = [];
  /** Inputs so far. */
  readonly inputs: Port[] = [];
  /** Outputs so far. */
  readonly outputs: Port[] = [];
  #integers = new Map<string, string>();

  /** Declares an input; gives its name. */
  input(
    name: string,
    type: Port["type"],
    shape: readonly (number | string)[],
  ): string {
    this.inputs.push({ name, type, shape });
    return name;
  }

  /** Declares an output: what a node names `name` is given to the caller. */
  output(
    name: string,
    type: Port["type"],
    shape: readonly (number | string)[],
  ): void {
    this.outputs.push({ name, type, shape });
  }

  /** Adds a float constant; gives its name. */
  floats(
    name: string,
    shape: readonly number[],
    data: Float32Array<ArrayBuffer>,
  ): string {
    this.constants.push({ name, shape, data });
    return name;
  }

  /** An int64 constant: a scalar from a number, a vector from a list. Equal ones are shared. */
  integers(values: number | readonly number[]): string {
    const list = typeof values === "number" ? [values] : values;
    const name = `integers/${JSON.stringify(values)}`;
    if (!this.#integers.has(name)) {
      this.#integers.set(name, name);
      this.constants.push({
        name,
        shape: typeof values === "number" ? [] : [list.length],
        data: BigInt64Array.from(list, BigInt),
      });
    }
    return name;
  }

  /**
   * Adds an operation with one result.
   *
   * @param operator of the standard opset
   * @param inputs names of values
   * @param attributes by name
   * @param output name of the result; made up where it is left out
   */
  add(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    output = `${operator}_${this.nodes.length}`,
  ): string {
    this.nodes.push({
      operator,
      name: output,
      inputs,
      outputs: [output],
      attributes,
    });
    return output;
  }

  /** Adds an operation with several results; gives their names. */
  addMany(
    operator: string,
    inputs: readonly string[],
    count: number,
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string[] {
    const name = `${operator}_${this.nodes.length}`;
    const outputs = Array.from({ length: count }, (_, i) => `${name}_${i}`);
    this.nodes.push({ operator, name, inputs, outputs, attributes });
    return outputs;
  }
}
