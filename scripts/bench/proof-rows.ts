import { changeTitle } from './change.js';
import type { ChainPair, JobRun, ProofPair } from './measurements.js';
import { comparison, type Row } from './row.js';

const STOCK = 'stock `pg_restore`';

/** Proofs and restores beside stock tools. */
export function proofRows(pairs: readonly ProofPair[], chains: readonly ChainPair[]): Row[] {
  return [
    against(pairs, 'verification', `deep verification ÷ restore by ${STOCK}`, 'stock'),
    against(pairs, 'verification', 'deep verification ÷ restore by Safekeep, compared', 'restore'),
    against(pairs, 'restore', `restore by Safekeep, compared ÷ ${STOCK}`, 'stock'),
    against(pairs, 'recoveryTest', `recovery test ÷ ${STOCK}`, 'stock'),
    ...chainRows(chains),
  ].filter((row) => row !== null);
}

function against(
  pairs: readonly ProofPair[],
  mine: 'verification' | 'restore' | 'recoveryTest',
  what: string,
  other: 'stock' | 'restore',
): Row | null {
  const figures = pairs.flatMap((pair) => {
    const run: JobRun | undefined = pair[mine];
    const reference = pair[other];
    return run && reference ? [[run.seconds, reference.seconds] as const] : [];
  });
  if (figures.length === 0) return null;
  return comparison({ key: `${mine}/${other}/seconds`, what, unit: 'seconds' }, figures);
}

function chainRows(chains: readonly ChainPair[]): Row[] {
  const [first] = chains;
  if (first === undefined) return [];
  const increment = `incremental of ${changeTitle(first.change)}`;
  return [
    comparison(
      {
        key: 'chain-restore/stock/seconds',
        what: `restore of base and ${increment} by Safekeep, compared ÷ two times ${STOCK}`,
        unit: 'seconds',
      },
      chains.map(({ restore, stockBase, stockIncrement }) => [
        restore.seconds,
        stockBase.seconds + stockIncrement.seconds,
      ]),
    ),
    comparison(
      {
        key: 'apply/stock/seconds',
        what: `${increment} applied by ${STOCK} ÷ its base restored so`,
        unit: 'seconds',
      },
      chains.map(({ stockBase, stockIncrement }) => [stockIncrement.seconds, stockBase.seconds]),
    ),
  ];
}
