/**
 * The one place that chooses tile shapes and workgroup sizes by adapter.
 * @module
 */

/** Numbers kernels are generated with. */
export interface Tuning {
  /** Rows of the result one matmul invocation computes; a multiple of 4. */
  readonly matmulRows: number;
  /** vec4 columns of the result one matmul invocation computes. */
  readonly matmulColumns: number;
  /** Workgroup size of matrix kernels. */
  readonly matmulWorkgroup: number;
}

/**
 * A software adapter runs one workgroup of 8 as one SIMD vector and rewards large register tiles;
 * a GPU needs enough invocations to fill it.
 */
export function tuningFor(adapter: { readonly software: boolean }): Tuning {
  return adapter.software
    ? { matmulRows: 16, matmulColumns: 2, matmulWorkgroup: 8 }
    : { matmulRows: 8, matmulColumns: 1, matmulWorkgroup: 64 };
}
