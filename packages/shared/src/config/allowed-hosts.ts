const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  'http:': '80',
  'https:': '443',
  'smtp:': '587',
  'smtps:': '465',
};

/**
 * Whether NOTIFY_ALLOWED_HOSTS lets a URL's host have a private address, speak plain HTTP, or take a password without TLS.
 * @param allowed `host`, which means all of its ports, or `host:port`; lower case
 */
export function isAllowedHost(url: URL, allowed: readonly string[]): boolean {
  const host = url.hostname.toLowerCase();
  // A URL does not tell the port that its protocol has anyway.
  return allowed.includes(host) || allowed.includes(`${host}:${url.port || DEFAULT_PORTS[url.protocol]}`);
}
