// Who this tab is: a name and a secret in sessionStorage, so that each tab is a visitor of its own and finds what it
// left after a reload.

const names = [
  'Ada', 'Alma', 'Anton', 'Bela', 'Bruno', 'Carla', 'Clara', 'Dora', 'Edgar', 'Elif', 'Emil', 'Esra', 'Fanny', 'Felix',
  'Greta', 'Hana', 'Hugo', 'Ida', 'Igor', 'Ines', 'Jona', 'Juno', 'Karim', 'Lena', 'Leo', 'Lina', 'Maja', 'Milo',
  'Mina', 'Nils', 'Noor', 'Olga', 'Oskar', 'Paula', 'Pia', 'Quinn', 'Rosa', 'Sami', 'Selma', 'Theo', 'Tilda', 'Uma',
  'Vera', 'Viktor', 'Wanda', 'Yara', 'Yusuf', 'Zoe',
];

const random = (most) => crypto.getRandomValues(new Uint32Array(1))[0] % most;

export const newSecret = () =>
  [...crypto.getRandomValues(new Uint8Array(24))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

const store = {
  get(key) {
    try {
      return sessionStorage.getItem(key);
    } catch {
      return null; // storage may be forbidden: the tab is then somebody new at each load
    }
  },
  set(key, value) {
    try {
      if (value === null) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, value);
    } catch {
      // as above
    }
  },
};

export class Identity {
  name = store.get('name') ?? '';
  secret = store.get('secret') ?? '';
  token = store.get('token');

  become(name, secret = newSecret()) {
    this.name = name;
    this.secret = secret;
    store.set('name', name);
    store.set('secret', secret);
  }

  showToken(token) {
    this.token = token;
    store.set('token', token);
  }

  hello() {
    return {
      protocol: 1,
      name: this.name,
      secret: this.secret,
      ...(this.token ? { token: this.token } : {}),
    };
  }
}

/** At most 40 bytes of UTF-8, as the protocol has it, without cutting a character in two. */
export function fitName(text) {
  let name = '';
  let bytes = 0;
  for (const character of text.trim().replace(/\s+/g, ' ')) {
    bytes += new TextEncoder().encode(character).length;
    if (bytes > 40) break;
    name += character;
  }
  return name;
}

/**
 * The visitor of this tab. A browser that duplicates a tab copies its sessionStorage too: the copy notices that the
 * other tab still holds the secret's Web Lock, and becomes somebody else.
 */
export async function identify() {
  const identity = new Identity();
  const asks = new URLSearchParams(location.search);
  const asked = fitName(asks.get('name') ?? '');
  const anew = asks.get('visitor') === 'new' || (asked && asked !== identity.name);
  if (location.search) history.replaceState(null, '', location.pathname);
  if (anew || !identity.secret || !(await claim(identity.secret))) {
    identity.become(asked || names[random(names.length)]);
    await claim(identity.secret);
  }
  return identity;
}

/** Holds the secret's Web Lock for as long as the page lives. False: another tab does. */
function claim(secret) {
  if (!navigator.locks) return Promise.resolve(true); // plain http from elsewhere
  return new Promise((resolve) => {
    const hold = () => {
      resolve(true);
      return new Promise(() => {});
    };
    // At a reload the page before may still be going away.
    navigator.locks
      .request(`visitor-${secret}`, { signal: AbortSignal.timeout(400) }, hold)
      .catch(() => resolve(false));
  });
}
