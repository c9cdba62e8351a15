package dev.penstock.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** Inputs held against a schema. */
final class InputSchemaTest {
  private static final long MIB = 1 << 20;

  private final InputSchema schema =
      new InputSchema("{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}");

  private static ObjectNode numbers(int members) {
    ObjectNode object = StrictJson.nodes().objectNode();
    for (int i = 0; i < members; i++) {
      object.put("member" + i, i);
    }
    return object;
  }

  @Test
  void theFirstPlacesThatAreWrongAreTold() {
    assertThatThrownBy(() -> schema.check(numbers(5), "input"))
        .hasMessageContainingAll("input.member0", "input.member1", "input.member2")
        .message()
        .doesNotContain("member3");
  }

  @Test
  void anInputThatIsWrongInVeryManyPlacesCostsNoMoreThanOne() {
    ObjectNode wide = numbers(200_000);
    assertThatThrownBy(() -> schema.check(numbers(5), "input")).isNotNull();
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    assertThatThrownBy(() -> schema.check(wide, "input")).hasMessageContaining("input.member0");
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(30 * MIB);
  }
}
