package dev.penstock.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class PayloadTest {
  private static Payload of(String json) {
    return Payload.json(json.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void shortJsonIsLaidOutWhole() {
    assertThat(of("{\"a\":[1,{}]}"))
        .isEqualTo(
            new Payload(
                "12 bytes", "{\n  \"a\": [\n    1,\n    {}\n  ]\n}".replace("{}", "{ }"), false));
    assertThat(of("no json").text()).isEqualTo("no json");
  }

  @Test
  void longJsonIsCut() {
    Payload list = of("[" + "1,".repeat(2_000) + "1]");
    assertThat(list.cut()).isTrue();
    assertThat(list.text()).hasSize(4_001).startsWith("[\n  1,\n").endsWith("…");
  }

  @Test
  void whatLiesDeepIsCutBeforeItIsLaidOut() {
    String deep = "[".repeat(900) + "1,".repeat(30_000) + "1" + "]".repeat(900);
    assertThat(of(deep).cut()).isTrue();
    ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = thread.getCurrentThreadAllocatedBytes();
    assertThat(of(deep).text()).hasSize(4_001).startsWith("[\n  [\n    [\n");
    assertThat(thread.getCurrentThreadAllocatedBytes() - before)
        .as("its blanks alone are 54 MB")
        .isLessThan(20_000_000);
  }
}
