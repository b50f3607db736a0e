/** What the device remembers; a browser that forbids it must not stop the page. */

export function recall(key: string): string {
  try {
    return localStorage.getItem(`tocsin.${key}`) ?? "";
  } catch {
    return "";
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`tocsin.${key}`, value);
  } catch {
    // Private windows may refuse; the choice then lasts as long as the page.
  }
}
