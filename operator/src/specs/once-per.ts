/**
 * A function that computes once for each object, as long as that is there. What comes from watches is never changed in
 * place, so one version of an AuthCluster is one object, however often it is looked at.
 */
export function oncePer<K extends WeakKey, V>(compute: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, { value: V }>();
  return (key) => {
    const found = known.get(key) ?? { value: compute(key) };
    known.set(key, found);
    return found.value;
  };
}
