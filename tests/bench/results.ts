/**
 * Results as a run might leave them, for tests.
 */
import type { Results } from "../../bench/results.ts";

export const results: Results = {
  machine: {
    cpu: "Abacus",
    cores: 2,
    memoryGiB: 8,
    system: "linux 6, x86_64",
    adapter: "llvmpipe",
    softwareAdapter: true,
    deno: "2.9.6",
  },
  measured: {
    matmul: {
      date: "2026-11-25T10:00:00.000Z",
      quick: true,
      versions: { ours: "1", "jax-js-webgpu": "jax-js 0.1.25" },
      problems: ["pytorch-cpu: not measured (python3 has no torch)"],
    },
  },
  peak: 100,
  matmul: [{
    shape: [1024, 1024, 1024],
    transposes: "NN",
    shareOfPeak: 0.25,
    ours: 25,
    peers: { "jax-js-webgpu": 2.5 },
    ranges: { ours: { min: 20, max: 30 }, "jax-js-webgpu": { min: 2, max: 3 } },
    ratios: { "jax-js-webgpu": 9.5 },
  }],
  trainingStep: [
    { model: "4×128", sequence: 256, batch: 8, ours: 900, peers: {}, ratios: {} },
    {
      model: "6×384",
      sequence: 256,
      batch: 4,
      ours: 90,
      peers: { "jax-js-webgpu": 30 },
      ratios: { "jax-js-webgpu": 3 },
    },
  ],
  decode: [],
  envs: [{
    environment: "taxi",
    instances: 64,
    ours: 300_000,
    peers: { gymnasium: 200_000 },
    ratios: { gymnasium: 1.5 },
  }],
  scaling: [
    { what: "batch", value: 1, secondsPerStep: 1, tokensPerSecond: 128 },
    { what: "batch", value: 2, secondsPerStep: 2, tokensPerSecond: 128 },
    { what: "layers", value: 4, secondsPerStep: 2, tokensPerSecond: 128 },
  ],
  engine: [
    { shape: "chain", stages: 100, loadSeconds: 0.05, planSeconds: 0.01, memoryMiB: 80 },
  ],
};
