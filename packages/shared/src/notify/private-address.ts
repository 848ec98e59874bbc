import { BlockList, isIPv6 } from 'node:net';

/** Networks that are not the internet (IANA's special-purpose registries). */
const IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** With the forms that carry an IPv4 address, which would lead around the list above. */
const IPV6 = [
  '::/96',
  '::ffff:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

function listOf(networks: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), family);
  }
  return list;
}

// Two lists: in one, every IPv4 address would be one of ::ffff:0:0/96.
const ipv4 = listOf(IPV4, 'ipv4');
const ipv6 = listOf(IPV6, 'ipv6');

/** Whether an IP address is loopback, private, link-local or otherwise not one of the internet. */
export function isPrivateAddress(address: string): boolean {
  return isIPv6(address) ? ipv6.check(address, 'ipv6') : ipv4.check(address, 'ipv4');
}
