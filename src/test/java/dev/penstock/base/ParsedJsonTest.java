package dev.penstock.base;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What JSON costs in memory is told before it is read. */
final class ParsedJsonTest {
  private static long bytes(String json) {
    return ParsedJson.bytes(json.getBytes(UTF_8));
  }

  @Test
  void aWideObjectCostsManyTimesItsBytes() {
    var json = new StringBuilder("{\"first\":0");
    for (int i = 0; i < 10_000; i++) {
      json.append(",\"").append(i).append("\":").append(i);
    }
    assertThat(bytes(json.append('}').toString())).isBetween(10_000L * 200, 10_000L * 400);
    assertThat(bytes("[[]" + ",[]".repeat(10_000) + "]")).isGreaterThan(10_000L * 64);
  }

  @Test
  void aTextCostsAFewTimesItsBytesWhateverIsInIt() {
    for (String text : new String[] {"a", ",", "{", "[:", "\\\"", "\\\\", "é"}) {
      String json = "{\"text\":\"" + text.repeat(100_000) + "\"}";
      assertThat(bytes(json)).as(text).isLessThan(3L * json.getBytes(UTF_8).length + 1_000);
    }
  }

  @Test
  void whatIsNoJsonIsMeasuredToo() {
    assertThat(bytes("")).isPositive();
    assertThat(bytes("\"\\")).isPositive();
    assertThat(ParsedJson.bytesOfForm("a=1&b=2&c=3".getBytes(UTF_8))).isGreaterThan(500);
  }
}
