package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.json.StrictJson;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class DigestTest {
  private static String of(String json) {
    return new Digest().add(StrictJson.parse(json.getBytes(StandardCharsets.UTF_8))).hex();
  }

  @Test
  void equalContentHasOneDigestHoweverItIsWritten() {
    assertThat(of("{\"a\":1,\"b\":[true,null,\"x\"]}"))
        .isEqualTo(of(" { \"b\" : [ true , null, \"\\u0078\" ], \"a\" : 1.0 }"));
    assertThat(of("100")).isEqualTo(of("1e2"));
  }

  @Test
  void otherContentHasAnotherDigest() {
    assertThat(of("[1,2]")).isNotEqualTo(of("[2,1]"));
    assertThat(of("[\"1\"]")).isNotEqualTo(of("[1]"));
    assertThat(of("{\"a\":null}")).isNotEqualTo(of("{}"));
    assertThat(of("9007199254740993")).isNotEqualTo(of("9007199254740992"));
  }

  @Test
  void partsDoNotRunIntoEachOther() {
    assertThat(new Digest().add("ab").add("c").hex())
        .isNotEqualTo(new Digest().add("a").add("bc").hex());
  }
}
