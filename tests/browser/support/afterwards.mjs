const actions = new WeakMap();

/** As `t.after`, but the last comes first: a server outlives its visitors. */
export function afterwards(t, action) {
  if (!actions.has(t)) {
    actions.set(t, []);
    t.after(async () => {
      const failures = [];
      for (const each of actions.get(t).reverse()) await Promise.resolve().then(each).catch((error) => failures.push(error));
      if (failures.length > 0) throw failures[0];
    });
  }
  actions.get(t).push(action);
}
