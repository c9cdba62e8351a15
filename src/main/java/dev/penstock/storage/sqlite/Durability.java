package dev.penstock.storage.sqlite;

/** What a power cut may do to a committed write. (A killed process loses neither kind.) */
enum Durability {
  /** Nothing: the caller is answered after the disk has it. */
  SYNCED,
  /** Undo it, together with everything after it. For writes whose loss only repeats work. */
  RELAXED
}
