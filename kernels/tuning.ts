/**
 * The one place that chooses kernels, tile shapes and workgroup sizes by adapter.
 * @module
 */

/** A tile of a matrix product, and from how much work on it pays. */
export interface Tile {
  /** Rows one invocation computes. */
  readonly rows: number;
  /** vec4 columns one invocation computes. */
  readonly columns: number;
  /** Smallest product worth it, in multiply-adds. */
  readonly from: number;
}

/** Numbers kernels are generated with. */
export interface Tuning {
  /** What ops other than products read operands from, where a texture is worth its copy. */
  readonly readFrom: "textures" | "buffers";
  /** `registers`: operands are textures, tiles stay in registers. `workgroup`: tiles are shared. */
  readonly matmul: "registers" | "workgroup";
  /** Tiles in registers, largest first. */
  readonly registerTiles: readonly Tile[];
  /** Tiles of a workgroup, per invocation, largest first. */
  readonly workgroupTiles: readonly Tile[];
  /** Workgroup size of register-tile and attention kernels. */
  readonly workgroup: number;
  /** Queries (or keys) one invocation of attention handles at most … */
  readonly attentionBlock: number;
  /** … and elements of their heads. */
  readonly attentionElements: number;
  /** What neighbouring invocations of attention share: heads of one block, or blocks of one head. */
  readonly attentionNeighbours: "heads" | "blocks";
}

/** Shared by all adapters: they are also the software adapter's kernels where no texture fits. */
const workgroupTiles: readonly Tile[] = [
  { rows: 8, columns: 2, from: 2 ** 26 },
  { rows: 4, columns: 1, from: 0 },
];

/**
 * Measured on lavapipe (llvmpipe, LLVM 15, AVX2, two cores; see bench/README.md): it runs a workgroup
 * of 8 as one SIMD vector and rewards register tiles, until compiling them takes seconds.
 */
const software: Tuning = {
  readFrom: "textures",
  matmul: "registers",
  registerTiles: [
    { rows: 32, columns: 4, from: 2 ** 25 },
    { rows: 16, columns: 2, from: 2 ** 16 },
    { rows: 8, columns: 2, from: 0 },
    { rows: 1, columns: 2, from: 0 },
  ],
  workgroupTiles,
  workgroup: 8,
  attentionBlock: 8,
  attentionElements: 128,
  attentionNeighbours: "heads",
};

/** Chosen by the usual rules for GPUs: enough invocations to fill it, coalesced loads. Not yet measured. */
const hardware: Tuning = {
  readFrom: "buffers",
  matmul: "workgroup",
  registerTiles: software.registerTiles,
  workgroupTiles,
  workgroup: 64,
  attentionBlock: 1,
  attentionElements: 128,
  attentionNeighbours: "blocks",
};

/** The choices for an adapter. */
export function tuningFor(adapter: { readonly software: boolean }): Tuning {
  return adapter.software ? software : hardware;
}

/** The largest tile worth its work; where there are fewer rows than it has, one that wastes less. */
export function tileFor(tiles: readonly Tile[], rows: number, multiplyAdds: number): Tile {
  return tiles.find((tile) => multiplyAdds >= tile.from && rows > tile.rows / 2) ?? tiles.at(-1)!;
}
