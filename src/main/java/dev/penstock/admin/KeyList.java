package dev.penstock.admin;

import dev.penstock.core.ApiKey;
import dev.penstock.core.Scope;
import dev.penstock.web.Share;
import dev.penstock.web.Shares;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The keys there are, and what each has now of what all use on this node.
 *
 * @param first the one that needs no store
 * @param more how many there are beside these
 */
public record KeyList(Row first, List<Row> rows, int more) {
  private static final int MOST = 200;

  /**
   * A key.
   *
   * @param look its state, as the style sheet knows it
   * @param bound what it may serve as a worker; empty: everything
   * @param revokePath where it can be ended; null: it has ended, or cannot be
   */
  public record Row(
      String id,
      String owner,
      String label,
      String scopes,
      String bound,
      @Nullable TimeText made,
      String state,
      String look,
      List<Use> uses,
      @Nullable String revokePath) {}

  /**
   * What a key has of something now.
   *
   * @param most how much it may have
   */
  public record Use(String what, String used, String most) {}

  static KeyList of(String firstId, List<ApiKey> keys, Shares shares, Instant now) {
    Row first =
        new Row(
            firstId,
            "default",
            "the first key",
            "all",
            "",
            null,
            "Works",
            "idle",
            uses(firstId, "default", shares),
            null);
    List<Row> rows = keys.stream().limit(MOST).map(key -> row(key, shares, now)).toList();
    return new KeyList(first, rows, keys.size() - rows.size());
  }

  private static Row row(ApiKey key, Shares shares, Instant now) {
    String label = key.label();
    List<String> bound = new ArrayList<>();
    add(bound, "lanes", key.reach().lanes());
    add(bound, "tasks of", key.reach().owners());
    return new Row(
        key.id(),
        key.owner(),
        label == null ? "" : label,
        key.scopes().stream().sorted().map(Scope::json).collect(Collectors.joining(", ")),
        String.join(" · ", bound),
        TimeText.past(key.created(), now),
        key.works() ? "Works" : "Revoked",
        key.works() ? "idle" : "cancelled",
        uses(key.id(), key.owner(), shares),
        key.works() ? KeysPage.revokePath(key.id()) : null);
  }

  private static void add(List<String> bound, String what, Set<String> names) {
    if (!names.isEmpty()) {
      bound.add(what + " " + String.join(", ", new TreeSet<>(names)));
    }
  }

  /** Of what it has nothing of, nothing is said. */
  private static List<Use> uses(String id, String owner, Shares shares) {
    List<Use> uses = new ArrayList<>();
    for (Share share : shares.all()) {
      long used = share.of(share == shares.searches() ? owner : id);
      if (used > 0) {
        uses.add(
            new Use(share.name().replace('_', ' '), Times.count(used), Times.count(share.most())));
      }
    }
    return uses;
  }
}
