/** What can be wrong with a backup file, its archive or its sidecar. Stable: callers branch on these. */
export type ArchiveErrorCode =
  | 'GZIP_BROKEN'
  | 'SEAL_NO_MAGIC'
  | 'SEAL_TRUNCATED'
  | 'SEAL_BAD_PADDING'
  | 'ARCHIVE_TRUNCATED'
  | 'ARCHIVE_MALFORMED'
  | 'ARCHIVE_UNSUPPORTED'
  | 'ARCHIVE_TOO_LARGE'
  | 'ARCHIVE_MISSING_DATA'
  | 'ARCHIVE_DATA_BROKEN'
  | 'MANIFEST_BROKEN'
  | 'SIDECAR_MALFORMED'
  | 'SIDECAR_TOO_LARGE'
  | 'SIDECAR_UNKNOWN_VERSION'
  | 'SIDECAR_OTHER_KEY'
  | 'SIDECAR_UNAUTHENTICATED';

/**
 * The only error this package throws about the bytes it is given. Messages name offsets, dump ids and
 * fields, never the text of an archive: that text may be a patient's record.
 */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
  readonly code: ArchiveErrorCode;
  /** Where in the archive it failed, in bytes from its begin; `null` when that is not known. */
  readonly byte: number | null;

  constructor(code: ArchiveErrorCode, message: string, options: ErrorOptions & { byte?: number } = {}) {
    super(message, options);
    this.code = code;
    this.byte = options.byte ?? null;
  }
}
