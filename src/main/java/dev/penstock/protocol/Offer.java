package dev.penstock.protocol;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What a server takes beyond what every server has always taken. Others refuse it. */
public enum Offer {
  /** Checkpoints with extends and settles, and with what is leased. */
  CHECKPOINTS,
  /** Awaits, and the route that tells of children. */
  CHILDREN,
  /** Pieces of results, while they are made. */
  PIECES,
  /** Since when a run's time passes, with extends. */
  BEGUN,
  /** Numbers of checkpoints with extends: an older one that comes late is left out. */
  NUMBERED,
  /** Leases of suspects alone, for who runs them in a process apart, and the word of its death. */
  APART;

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Empty: a newer server's word. */
  static Optional<Offer> of(String word) {
    return Arrays.stream(values()).filter(each -> each.word().equals(word)).findFirst();
  }
}
