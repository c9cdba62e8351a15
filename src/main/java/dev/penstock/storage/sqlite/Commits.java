package dev.penstock.storage.sqlite;

/**
 * What the writer has done since the start.
 *
 * @param synced commits the disk was waited for
 * @param relaxed commits it was not waited for
 * @param jobs pieces of work in all of them
 */
record Commits(long synced, long relaxed, long jobs) {

  Commits plus(boolean wasSynced, int more) {
    return new Commits(synced + (wasSynced ? 1 : 0), relaxed + (wasSynced ? 0 : 1), jobs + more);
  }
}
