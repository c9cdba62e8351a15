package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Finds what is new or has changed among the newest tasks, of which it remembers so many. */
final class RecentTasks {
  private static final int PAGE = 100;

  /** More new tasks than that in one look are passed over. */
  private static final int MAX_PAGES = 5;

  private static final int REMEMBERED = 1_000;
  private static final int AT_FIRST = 10;

  private final Client client;
  private final Map<String, String> known = new LinkedHashMap<>();
  private boolean looked;

  RecentTasks(Client client) {
    this.client = client;
  }

  /** The oldest first. The first look has a few of the tasks that are there. */
  List<JsonNode> look() throws Failure, InterruptedException {
    List<JsonNode> changed = new ArrayList<>();
    String after = "";
    for (int page = 0; page < MAX_PAGES; page++) {
      JsonNode list = client.get("/v1/tasks?limit=" + PAGE + after).orFail();
      boolean metKnown = !looked;
      for (JsonNode task : list.path("data")) {
        String id = Tasks.id(task);
        String now = Tasks.status(task) + " " + task.path("attempts").asInt();
        metKnown |= known.containsKey(id);
        if (!now.equals(known.put(id, now))) {
          changed.add(task);
        }
        after = "&after=" + Ids.checked(id);
      }
      if (metKnown || !list.path("has_more").asBoolean()) {
        break;
      }
    }
    forget();
    List<JsonNode> oldestFirst =
        (looked ? changed : changed.subList(0, Math.min(AT_FIRST, changed.size()))).reversed();
    looked = true;
    return oldestFirst;
  }

  /** Ids sort by time: the smallest are the oldest. */
  private void forget() {
    List<String> ids = known.keySet().stream().sorted().toList();
    ids.subList(0, Math.max(0, ids.size() - REMEMBERED)).forEach(known::remove);
  }
}
