/**
 * How many kernels a training step runs, by name, with the software adapter's tuning; and that steps
 * that are alike compile nothing and bind nothing anew.
 */
import { assertEquals, assertGreater } from "../../std/assert.ts";
import { AdamW, categoricalLoss, Device, requestDevice, Tape } from "../../kernels/kernels.ts";
import { tuningFor } from "../../kernels/tuning.ts";
import { packSequences } from "../../models/batch.ts";
import { Gpt2 } from "../../models/gpt2.ts";
import { type Gpt2Config, gpt2Presets } from "../../models/gpt2_config.ts";
import { Llama } from "../../models/llama.ts";
import { parseLlamaConfig } from "../../models/llama_config.ts";
import { wrap } from "../kernels/wrap.ts";
import type { Followed } from "./follow_trace.ts";

/** Times each kernel ran, by its label. */
type Counts = Readonly<Record<string, number>>;

/** What a device was asked for. */
class Watched {
  readonly device: Device;
  pipelines = 0;
  groups = 0;
  #labels: string[] = [];

  constructor({ gpu, adapter }: Device) {
    const counting = wrap(gpu, {
      createComputePipeline: (descriptor: GPUComputePipelineDescriptor) => {
        this.pipelines++;
        return gpu.createComputePipeline(descriptor);
      },
      createBindGroup: (descriptor: GPUBindGroupDescriptor) => {
        this.groups++;
        return gpu.createBindGroup(descriptor);
      },
    });
    this.device = new Device(counting, adapter, tuningFor({ software: true }));
    const { stream } = this.device;
    const dispatch = stream.dispatch.bind(stream);
    stream.dispatch = (kernel, ...call) => {
      // Of a product the tile's size does not matter here.
      this.#labels.push(kernel.label.replace(/^(matmul \w+),.*/, "$1"));
      dispatch(kernel, ...call);
    };
  }

  /** Kernels that ran since the last call. */
  take(): Counts {
    const counts: Record<string, number> = {};
    for (const label of this.#labels.splice(0)) counts[label] = (counts[label] ?? 0) + 1;
    return counts;
  }
}

function sumOf(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** What a has beyond b. */
function beyond(a: Counts, b: Counts): Counts {
  const differences = Object.entries(a).map(([label, count]) => [label, count - (b[label] ?? 0)]);
  return Object.fromEntries(differences.filter(([, count]) => count !== 0));
}

// 64 columns fill the rows of a texture: nothing is padded.
const gpt2 = (layers: number): Gpt2Config => {
  return { ...gpt2Presets.nano, n_layer: layers, n_head: 4, n_embd: 64, vocab_size: 128 };
};

const llama = (layers: number) =>
  parseLlamaConfig({
    model_type: "llama",
    hidden_size: 64,
    intermediate_size: 128,
    num_hidden_layers: layers,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    vocab_size: 128,
    max_position_embeddings: 64,
    tie_word_embeddings: false,
  }, "small");

const FAMILIES = {
  "GPT-2": (device: Device, layers: number): Followed =>
    Gpt2.initialize(device, gpt2(layers), { seed: 1, trainable: true }),
  Llama: (device: Device, layers: number): Followed =>
    Llama.initialize(device, llama(layers), { seed: 1, trainable: true }),
};

/** A step as training does it: two sequences, the loss of some of their rows, one update. */
function step(model: Followed, adamw: AdamW): void {
  const sequences = [40, 30].map((length) => Array.from({ length }, (_, i) => i));
  const batch = packSequences(sequences, 64);
  const rows = Uint32Array.from({ length: 40 }, (_, i) => i + 20);
  const tape = new Tape(model.device);
  const logits = model.logits(tape, model.hidden(tape, batch, rows));
  const weights = new Float32Array(rows.length).fill(1 / rows.length);
  categoricalLoss(tape, logits, { targets: rows, weights });
  tape.backward(logits);
  adamw.step();
  tape.release();
}

/** Of a block, forward and backward. */
const BLOCKS: Readonly<Record<keyof typeof FAMILIES, Counts>> = {
  "GPT-2": {
    "layer norm": 2,
    "matmul NN": 4,
    "matmul NT": 4,
    "matmul TN": 4,
    attention: 1,
    add: 6, // biases are within products; residuals and accumulated derivatives are not
    gelu: 1,
    "gelu backward": 1,
    "attention backward, queries": 1,
    "attention backward, keys and values": 1,
    "layer norm backward, input": 2,
    "layer norm backward, partial sums": 2,
    "sums of partial sums": 4,
  },
  Llama: {
    "rms norm": 2,
    "matmul NN": 4,
    "matmul NT": 4,
    "matmul TN": 4,
    rotary: 2,
    attention: 1,
    add: 6,
    "silu gate": 1,
    "silu gate backward, packed": 1,
    "attention backward, queries": 1,
    "attention backward, keys and values": 1,
    "rms norm backward, input": 2,
    "rms norm backward, partial sums": 2,
    "sums of partial sums": 2,
  },
};

const lossAndUpdate: Counts = {
  "matmul NN": 1,
  "matmul NT": 1,
  "matmul TN": 1,
  add: 1,
  "softmax, parts of rows": 1,
  "categorical loss, rows": 1,
  "softmax, derivative of a loss": 1,
  "gradient norm, partial sums": 1,
  "gradient norm, sums": 1,
  "gradient norm": 1,
  AdamW: 1,
};

/** All that is not of a block: embeddings, rows cut out of the last block, norm, head, loss, update. */
const REST: Readonly<Record<keyof typeof FAMILIES, Counts>> = {
  "GPT-2": {
    ...lossAndUpdate,
    "gather rows": 4,
    "scatter-add rows": 4,
    "layer norm": 1,
    "layer norm backward, input": 1,
    "layer norm backward, partial sums": 1,
    "sums of partial sums": 2,
  },
  Llama: {
    ...lossAndUpdate,
    "gather rows": 3,
    "scatter-add rows": 3,
    "rms norm": 1,
    "rms norm backward, input": 1,
    "rms norm backward, partial sums": 1,
    "sums of partial sums": 1,
  },
};

/** Kernels of a block, and of the rest. */
const TOTALS = { "GPT-2": [33, 24], Llama: [33, 21] };

for (const family of ["GPT-2", "Llama"] as const) {
  Deno.test(`a block of ${family} runs the kernels it should, and so does the rest of a step`, async () => {
    const watched = new Watched(await requestDevice());
    const { device } = watched;
    const countsOf = (layers: number) => {
      const model = FAMILIES[family](device, layers);
      const adamw = new AdamW(device, model.parameters);
      watched.take();
      const before = device.stream.dispatches;
      step(model, adamw);
      const counts = watched.take();
      assertEquals(device.stream.dispatches - before, sumOf(counts));
      return counts;
    };
    const [one, two, three] = [1, 2, 3].map(countsOf) as [Counts, Counts, Counts];
    const block = beyond(two, one);
    assertEquals(beyond(three, two), block);
    assertEquals(block, BLOCKS[family]);
    const rest = beyond(one, block);
    assertEquals(rest, REST[family]);
    assertEquals([sumOf(block), sumOf(rest)], TOTALS[family]);
    await device.stream.settle();
    device.dispose();
  });

  Deno.test(`steps of ${family} that are alike compile nothing and bind nothing anew`, async () => {
    const watched = new Watched(await requestDevice());
    const { device } = watched;
    const model = FAMILIES[family](device, 2);
    const adamw = new AdamW(device, model.parameters);
    step(model, adamw);
    const { pipelines } = watched;
    assertGreater(pipelines, 10);
    // The first step found the pool empty, so its memory lies otherwise than the second's.
    step(model, adamw);
    const { groups } = watched;
    assertGreater(groups, 50);
    for (const _ of [3, 4]) step(model, adamw);
    assertEquals([watched.pipelines, watched.groups], [pipelines, groups]);
    await device.stream.settle();
    device.dispose();
  });
}
