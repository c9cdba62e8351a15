package dev.penstock.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** What a page shows of an input or a result. */
final class PayloadTest {
  private static final long MIB = 1 << 20;

  private static Payload shown(String json) {
    return Payload.json(json.getBytes(UTF_8));
  }

  @Test
  void aShortOneIsShownInLines() {
    Payload payload = shown("{\"a\":[1,2.5,{\"b\":\"ü\"}],\"c\":null}");
    assertThat(payload.text())
        .isEqualTo(
            """
            {
              "a": [
                1,
                2.5,
                {
                  "b": "ü"
                }
              ],
              "c": null
            }\
            """);
    assertThat(payload.cut()).isFalse();
  }

  @Test
  void whatIsNoJsonIsShownAsItIs() {
    assertThat(shown("{\"a\":").text()).isEqualTo("{\"a\":");
    assertThat(shown("").text()).isEmpty();
  }

  @Test
  void theBeginningOfALongOneIsShown() {
    for (String one : new String[] {"a", "é", "\uD83D\uDE00"}) {
      for (int times : new int[] {5_000, 200_000}) {
        Payload payload = shown("\"" + one.repeat(times) + "\"");
        assertThat(payload.cut()).isTrue();
        assertThat(payload.text())
            .hasSizeBetween(4_000, 4_001)
            .startsWith("\"" + one)
            .endsWith("…");
        assertThat(payload.text()).doesNotContain("\uFFFD");
      }
    }
  }

  @Test
  void whoeverNestsItDeeplyMakesThePageCostNoMoreThanItShows() {
    String deep = "[".repeat(900) + "0,".repeat(30_000) + "0" + "]".repeat(900);
    shown(deep); // what is made once is there
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    Payload payload = shown(deep);
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertThat(payload.cut()).isTrue();
    assertThat(payload.text()).hasSize(4_001);
    assertThat(allocated).isLessThan(2 * MIB);
  }
}
