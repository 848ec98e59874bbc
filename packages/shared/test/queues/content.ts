import { Redis } from 'ioredis';

/** Every key of a Redis with what it holds, as text. */
export async function contentOf(url: string): Promise<Map<string, string>> {
  const redis = new Redis(url);
  const content = new Map<string, string>();
  for (const key of await redis.keys('*')) {
    const type = await redis.type(key);
    // Removed since the keys were listed.
    if (type === 'none') continue;
    const read: Record<string, () => Promise<unknown>> = {
      string: () => redis.get(key),
      hash: () => redis.hgetall(key),
      list: () => redis.lrange(key, 0, -1),
      set: () => redis.smembers(key),
      zset: () => redis.zrange(key, '0', '-1'),
      stream: () => redis.xrange(key, '-', '+'),
    };
    const value = read[type];
    if (value === undefined) throw new Error(`a key of type ${type}`);
    content.set(key, JSON.stringify(await value()));
  }
  redis.disconnect();
  return content;
}
