package dev.penstock.types.embedding;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.types.embedding.EmbeddingItems.Texts;
import dev.penstock.types.embedding.EmbeddingItems.TokenIds;
import dev.penstock.web.Refusal;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The quick way to read a body means the same as the other one, or leaves it to that one. */
class EmbeddingBodyTest {
  private static final ModelSpec MODEL = ModelCatalogue.load(null).require("all-minilm-l6-v2");

  private static EmbeddingRequest asTree(String body) {
    return EmbeddingRequest.of(Fields.of(StrictJson.parse(body.getBytes(UTF_8))), MODEL);
  }

  private static EmbeddingBody read(String body) {
    return Objects.requireNonNull(EmbeddingBody.read(body.getBytes(UTF_8)));
  }

  private static EmbeddingItems items(String body) {
    return read(body).input().items();
  }

  private static EmbeddingRequest quickly(String body) {
    EmbeddingBody read = read(body);
    return EmbeddingRequest.of(Fields.of(read.rest()), read.input(), MODEL);
  }

  @Test
  void itemsAreReadAsTheyStand() {
    assertThat(items("{\"input\":\"a\"}")).isEqualTo(new Texts(List.of("a")));
    assertThat(items("{\"input\":[\"a\",\"b\\u00e9 \\ud83d\\ude00\"]}"))
        .isEqualTo(new Texts(List.of("a", "b\u00e9 \ud83d\ude00")));
    assertThat(items("{\"dimensions\":8,\"input\":[1,2,2147483647]}"))
        .isEqualTo(new TokenIds(List.of(new int[] {1, 2, 2_147_483_647})));
    assertThat(items("{\"input\":[[0],[1,2,3]]}"))
        .isEqualTo(new TokenIds(List.of(new int[] {0}, new int[] {1, 2, 3})));
  }

  @Test
  void theOtherMembersAreLeftAsTheyStand() {
    String body = " {\"user\":\"u\",\"input\":[7],\"unknown\":{\"x\":[1,{\"y\":null}]}} \n";
    assertThat(read(body).rest().toString())
        .isEqualTo("{\"user\":\"u\",\"unknown\":{\"x\":[1,{\"y\":null}]}}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"input\":\"a\"}",
        "{\"input\":[\"a\",\"b\\u00e9 \\ud83d\\ude00\"],\"encoding_format\":\"base64\"}",
        "{\"dimensions\":8,\"input\":[1,2,2147483647],\"unknown\":{\"x\":[1,{\"y\":null}]}}",
        " {\"user\":\"u\",\"input\":[[0],[1,2,3]],\"truncate\":\"end\"} \n",
      })
  void bothWaysMeanTheSame(String body) {
    EmbeddingRequest tree = asTree(body);
    assertThat(quickly(body)).isEqualTo(tree);
    assertThat(quickly(body).toJson()).isEqualTo(tree.toJson());
  }

  @Test
  void longListsOfIdsAreReadWhole() {
    String ids = String.join(",", Collections.nCopies(5_000, "7"));
    assertThat(quickly("{\"input\":[" + ids + "]}")).isEqualTo(asTree("{\"input\":[" + ids + "]}"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[\"a\"]",
        "{}",
        "{\"input\":null}",
        "{\"input\":\"\"}",
        "{\"input\":[]}",
        "{\"input\":[[]]}",
        "{\"input\":[\"a\",\"\"]}",
        "{\"input\":[\"a\",1]}",
        "{\"input\":[1,\"a\"]}",
        "{\"input\":[[1],2]}",
        "{\"input\":[1.0]}",
        "{\"input\":[1e3]}",
        "{\"input\":[-1]}",
        "{\"input\":[2147483648]}",
        "{\"input\":{\"a\":1}}",
        "{\"input\":true}",
        "{\"input\":\"a\",\"input\":\"b\"}",
        "{\"input\":\"a\",\"user\":1,\"user\":2}",
        "{\"input\":\"a\"} {}",
        "{\"input\":\"a\"",
        "{\"input\":[\"a\"",
      })
  void whatIsWrongIsLeftToTheTree(String body) {
    assertThat(EmbeddingBody.read(body.getBytes(UTF_8))).isNull();
    assertThatThrownBy(() -> asTree(body)).isInstanceOf(Refusal.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"input\":\"\\ud800\"}", "{\"input\":\"a\",\"user\":\"\\udc00\"}"})
  void halvesOfCharactersAreRefusedBothWays(String body) {
    assertThatThrownBy(() -> EmbeddingBody.read(body.getBytes(UTF_8))).isInstanceOf(Refusal.class);
    assertThatThrownBy(() -> asTree(body)).isInstanceOf(Refusal.class);
  }

  @Test
  void limitsHoldBothWays() {
    assertThat(items(list(2_048, "\"a\"")).count()).isEqualTo(2_048);
    assertThat(items(list(300_000, "7")).tokens(Integer.MAX_VALUE)).isEqualTo(300_000);
    String ids = "[" + String.join(",", Collections.nCopies(150_000, "7")) + "]";
    assertThat(items(list(2, ids)).tokens(Integer.MAX_VALUE)).isEqualTo(300_000);
    String oneMore = "{\"input\":[" + ids + "," + ids + ",[7]]}";
    for (String body :
        List.of(list(2_049, "\"a\""), list(2_049, "[7]"), list(300_001, "7"), oneMore)) {
      assertThat(EmbeddingBody.read(body.getBytes(UTF_8))).isNull();
      assertThatThrownBy(() -> asTree(body)).isInstanceOf(Refusal.class);
    }
  }

  private static String list(int count, String item) {
    return "{\"input\":[" + String.join(",", Collections.nCopies(count, item)) + "]}";
  }

  @Test
  void whatIsNoUtf8IsLeftToTheTree() {
    byte[] body = "{\"input\":\"a\"}".getBytes(UTF_8);
    body[10] = (byte) 0xff;
    assertThat(EmbeddingBody.read(body)).isNull();
    assertThatThrownBy(() -> StrictJson.parse(body)).isInstanceOf(Refusal.class);
  }
}
