/**
 * WebGPU objects some of whose members the test replaces.
 * @module
 */

/** `target` with other members in place of its own. */
export function wrap<T extends object>(target: T, replaced: Record<string, unknown>): T {
  return new Proxy(target, {
    get: (_, key) => {
      if (typeof key === "string" && key in replaced) return replaced[key];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
