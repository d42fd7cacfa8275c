/**
 * A module that a workflow names by its file: `uses: ./my_env.ts`.
 * @module
 */

/**
 * Stands in a workflow's values where the file was named, so that schemas can look inside without
 * importing anything themselves.
 */
export class UserModule {
  /** Created by the loader once the file is imported. */
  constructor(
    /** As the workflow names it. */
    readonly specifier: string,
    /** `file:` URL it was imported from. */
    readonly url: string,
    /** Its default export; nothing is known of its shape yet. */
    readonly exported: unknown,
    /** SHA-256 of its source and local imports; undefined where that cannot be computed. */
    readonly source: string | undefined,
  ) {}
}

/** True for what names a file rather than a registered module. */
export function isModulePath(specifier: string): boolean {
  return /^(\.{1,2}\/|\/)/.test(specifier);
}
