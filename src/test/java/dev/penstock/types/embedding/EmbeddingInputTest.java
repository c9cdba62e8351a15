package dev.penstock.types.embedding;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.core.InvalidInput;
import dev.penstock.engine.TestModels;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.types.embedding.EmbeddingItems.Texts;
import dev.penstock.types.embedding.EmbeddingItems.TokenIds;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EmbeddingInputTest {
  private static final EmbeddingTraits MODEL = EmbeddingTraits.of(TestModels.MINILM);

  private static EmbeddingInput body(String body) {
    EmbeddingInput.Draft draft = EmbeddingInput.draft(body.getBytes(UTF_8));
    return draft.accept(Fields.of(draft.rest()), MODEL);
  }

  private static EmbeddingItems items(String body) {
    return body(body).work().items();
  }

  /** As a task's input: from a tree of the request, and from the bytes that are kept. */
  private static EmbeddingInput task(String input) {
    EmbeddingInput read =
        EmbeddingInput.of(StrictJson.parse(input.getBytes(UTF_8)), "input", MODEL);
    assertThat(EmbeddingInput.of(input.getBytes(UTF_8), MODEL)).isEqualTo(read);
    return read;
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
    assertThat(EmbeddingInput.draft(body.getBytes(UTF_8)).rest().toString())
        .isEqualTo("{\"user\":\"u\",\"unknown\":{\"x\":[1,{\"y\":null}]}}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"input\":\"a\"}",
        "{\"input\":[\"a\",\"b\\u00e9 \\ud83d\\ude00\"],\"encoding_format\":\"base64\"}",
        "{\"dimensions\":8,\"input\":[1,2,2147483647],\"truncate\":\"error\"}",
        "{\"truncate\":\"end\",\"input\":[[0],[1,2,3]],\"dimensions\":null}",
      })
  void aRequestAndATaskMeanTheSame(String json) {
    EmbeddingInput read = body(json);
    assertThat(task(json)).isEqualTo(read);
    assertThat(task(new String(read.toJson(), UTF_8))).isEqualTo(read);
    assertThat(EmbeddingForm.of(json.getBytes(UTF_8))).isEqualTo(read.form());
    assertThat(EmbeddingForm.of(read.toJson())).isEqualTo(read.form());
  }

  @Test
  void whatANewerVersionKeptIsReadAllTheSame() {
    String json = "{\"input\":\"a\",\"to_come\":1}";
    assertThat(EmbeddingInput.of(json.getBytes(UTF_8), MODEL)).isEqualTo(body("{\"input\":\"a\"}"));
    assertThatThrownBy(() -> task(json))
        .isInstanceOf(InvalidInput.class)
        .hasMessageContaining("'input.to_come' is unknown here");
  }

  @Test
  void aTaskMayHaveItsItemsAlone() {
    assertThat(task("[\"a\",\"b\"]")).isEqualTo(body("{\"input\":[\"a\",\"b\"]}"));
    assertThat(task("\"a\"")).isEqualTo(body("{\"input\":\"a\"}"));
    assertThat(EmbeddingForm.of("[\"a\"]".getBytes(UTF_8))).isEqualTo(EmbeddingForm.WHOLE);
  }

  @Test
  void longListsOfIdsAreReadWhole() {
    String ids = String.join(",", Collections.nCopies(5_000, "7"));
    assertThat(items("{\"input\":[" + ids + "]}").tokens(Integer.MAX_VALUE)).isEqualTo(5_000);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{}                                 |          | 'input' is missing.",
        "{\"input\":null}                   | input    | 'input' is missing.",
        "{\"input\":\"\"}                   | input    | 'input' must not be empty.",
        "{\"input\":[]}                     | input    | 'input' must not be empty.",
        "{\"input\":[[]]}                   | input[0] | 'input[0]' must not be empty.",
        "{\"input\":[\"a\",\"\"]}           | input[1] | 'input[1]' must not be empty.",
        "{\"input\":[\"a\",1]}              | input[1] | 'input[1]' must be a string, as the first one is.",
        "{\"input\":[1,\"a\"]}              | input    | nothing but token ids",
        "{\"input\":[[1],2]}                | input[1] | must be a list of token ids, as the first one is",
        "{\"input\":[[1],[\"a\"]]}          | input[1] | nothing but token ids",
        "{\"input\":[1.5]}                  | input    | nothing but token ids",
        "{\"input\":[1e-3]}                 | input    | nothing but token ids",
        "{\"input\":[-1]}                   | input    | nothing but token ids",
        "{\"input\":[2147483648]}           | input    | nothing but token ids",
        "{\"input\":[null]}                 | input[0] | must be a string, a token id or a list",
        "{\"input\":{\"a\":[1]},\"user\":1} | input    | must be a string, strings, token ids",
        "{\"input\":true}                   | input    | must be a string, strings, token ids",
        "{\"input\":\"a\",\"dimensions\":0} | dimensions | must be a whole number from 1 to 384",
      })
  void whatIsWrongIsNamed(String body, String param, String problem) {
    assertThatThrownBy(() -> body(body))
        .isInstanceOfSatisfying(
            InvalidInput.class,
            invalid -> assertThat(invalid.param()).isEqualTo(param == null ? "input" : param))
        .hasMessageContaining(problem);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[\"a\"]",
        "{\"input\":\"a\",\"input\":\"b\"}",
        "{\"input\":\"a\",\"user\":1,\"user\":2}",
        "{\"input\":\"a\"} {}",
        "{\"input\":\"a\"",
        "{\"input\":[\"a\"",
        "{\"input\":[\"\",\"a\"",
      })
  void whatIsNoObjectInJsonIsSaidOfTheBody(String body) {
    assertThatThrownBy(() -> body(body))
        .isInstanceOfSatisfying(InvalidInput.class, e -> assertThat(e.param()).isNull())
        .hasMessageStartingWith("The body");
  }

  @Test
  void limitsHold() {
    assertThat(items(list(2_048, "\"a\"")).count()).isEqualTo(2_048);
    assertThat(items(list(300_000, "7")).tokens(Integer.MAX_VALUE)).isEqualTo(300_000);
    String ids = "[" + String.join(",", Collections.nCopies(150_000, "7")) + "]";
    assertThat(items(list(2, ids)).tokens(Integer.MAX_VALUE)).isEqualTo(300_000);
    String oneMore = "{\"input\":[" + ids + "," + ids + ",[7]]}";
    for (String body :
        List.of(list(2_049, "\"a\""), list(2_049, "[7]"), list(300_001, "7"), oneMore)) {
      assertThatThrownBy(() -> body(body))
          .isInstanceOf(InvalidInput.class)
          .hasMessageContaining("'input' may have at most");
    }
  }

  private static String list(int count, String item) {
    return "{\"input\":[" + String.join(",", Collections.nCopies(count, item)) + "]}";
  }

  @Test
  void whatIsNoUtf8IsRefused() {
    byte[] body = "{\"input\":\"a\"}".getBytes(UTF_8);
    body[10] = (byte) 0xff;
    assertThatThrownBy(() -> EmbeddingInput.draft(body))
        .isInstanceOf(InvalidInput.class)
        .hasMessageContaining("UTF-8");
  }
}
