// Loaded before the page is drawn, so that a chosen theme does not flash. Without a choice the system's is used.
(() => {
  const root = document.documentElement;
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const stored = () => {
    try {
      return localStorage.getItem('theme');
    } catch {
      return null; // storage may be forbidden
    }
  };
  const chosen = stored();
  if (chosen === 'light' || chosen === 'dark') root.dataset.theme = chosen;

  const isDark = () => (root.dataset.theme ? root.dataset.theme === 'dark' : dark.matches);
  addEventListener('DOMContentLoaded', () => {
    const button = document.getElementById('theme');
    const show = () => button.setAttribute('aria-pressed', String(isDark()));
    button.addEventListener('click', () => {
      root.dataset.theme = isDark() ? 'light' : 'dark';
      try {
        localStorage.setItem('theme', root.dataset.theme);
      } catch {
        // it then lasts as long as the page
      }
      show();
    });
    dark.addEventListener('change', show);
    show();
  });
})();
