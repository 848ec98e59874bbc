import { writeFileSync } from 'node:fs';

/**
 * Writes variables so that a shell can source them (`. file`) and Node can read them (`--env-file`). Only the owner
 * can read the file.
 */
export function writeEnvironmentFile(file: string, variables: Readonly<Record<string, string>>): void {
  const lines = Object.entries(variables).map(([name, value]) => {
    // Shell and Node agree on what single quotes mean as long as none is inside.
    if (/['\n]/.test(value)) throw new Error(`${name} holds a quote or a line break`);
    return `export ${name}='${value}'`;
  });
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
}

/** Writes connections that libpq's programs know by name (`psql service=clinic`), so that no password is an argument. */
export function writeServiceFile(file: string, services: Readonly<Record<string, string>>): void {
  const sections = Object.entries(services).map(([name, url]) => {
    const { hostname, port, username, password, pathname } = new URL(url);
    const login = `user=${decodeURIComponent(username)}\npassword=${decodeURIComponent(password)}`;
    return `[${name}]\nhost=${hostname}\nport=${port}\n${login}\ndbname=${decodeURIComponent(pathname.slice(1))}\n`;
  });
  writeFileSync(file, sections.join('\n'), { mode: 0o600 });
}
