package dev.penstock.engine.llama;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.engine.llama.SlotTurns.Ticket;
import dev.penstock.task.Priority;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Who gets a slot, when there are fewer than texts. */
final class SlotTurnsTest {
  private final List<String> granted = new ArrayList<>();
  private final List<String> refused = new ArrayList<>();
  private final Map<String, Ticket> tickets = new HashMap<>();
  private final SlotTurns turns = new SlotTurns(1);

  private void ask(String text, String owner, Priority priority) {
    Ticket ticket =
        turns.ask(
            owner,
            priority,
            10,
            new SlotTurns.Taker() {
              @Override
              public void granted() {
                granted.add(text);
              }

              @Override
              public void refused() {
                refused.add(text);
              }
            });
    tickets.put(text, ticket);
  }

  private void release(String text) {
    Objects.requireNonNull(tickets.get(text)).release();
  }

  private void releaseAll() {
    for (int i = 0; i < granted.size(); i++) {
      release(granted.get(i));
    }
  }

  @Test
  void urgentTextsGoBeforeBulk() {
    ask("first", "a", Priority.BULK);
    ask("bulk", "a", Priority.BULK);
    ask("held", "a", Priority.HELD);
    ask("task", "a", Priority.TASK);
    assertThat(granted).containsExactly("first");
    releaseAll();
    assertThat(granted).containsExactly("first", "held", "task", "bulk");
  }

  @Test
  void ownersTakeTurnsHoweverMuchOneHas() {
    for (String text : List.of("a1", "a2", "a3", "b1", "b2", "c1")) {
      ask(text, text.substring(0, 1), Priority.TASK);
    }
    releaseAll();
    assertThat(granted).containsExactly("a1", "b1", "c1", "a2", "b2", "a3");
  }

  @Test
  void anOwnerWhoAlwaysHasOneKeepsNobodyFromTheirTurn() {
    ask("a1", "a", Priority.TASK);
    ask("b1", "b", Priority.TASK);
    ask("b2", "b", Priority.TASK);
    release("a1");
    ask("a2", "a", Priority.TASK);
    release("b1");
    ask("a3", "a", Priority.TASK);
    release("a2");
    assertThat(granted).containsExactly("a1", "b1", "a2", "b2");
  }

  @Test
  void aSlotIsGivenBackOnceAndWhoLeavesWaitsForNone() {
    ask("first", "a", Priority.TASK);
    ask("second", "a", Priority.TASK);
    ask("third", "a", Priority.TASK);
    assertThat(turns.waitingTokens()).isEqualTo(20);
    release("second");
    assertThat(turns.waitingTokens()).isEqualTo(10);
    release("first");
    release("first");
    assertThat(granted).containsExactly("first", "third");
    ask("fourth", "a", Priority.TASK);
    assertThat(granted).hasSize(2);
  }

  @Test
  void whoWaitsIsToldThatThereWillBeNone() {
    ask("first", "a", Priority.TASK);
    ask("second", "b", Priority.TASK);
    turns.close();
    ask("third", "c", Priority.TASK);
    release("first");
    assertThat(granted).containsExactly("first");
    assertThat(refused).containsExactly("second", "third");
  }
}
