package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.offset;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.EncodingType;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.embeddings.CreateEmbeddingResponse;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.embeddings.EmbeddingCreateParams.EncodingFormat;
import com.openai.models.models.Model;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Vectors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** OpenAI's own Java client against the program as it is shipped. */
final class OpenAiClientIT {
  private static final String MODEL = "all-minilm-l6-v2";
  private static final String TEXT = "The gate opens and the turbine turns.";

  @TempDir static Path folder;
  private static PenstockProcess penstock;
  private static OpenAIClient client;

  @BeforeAll
  static void start() throws Exception {
    penstock = PenstockProcess.startShipped(folder, Map.of());
    client = client(PenstockProcess.KEY);
  }

  @AfterAll
  static void stop() throws Exception {
    client.close();
    penstock.close();
  }

  private static OpenAIClient client(String key) {
    return OpenAIOkHttpClient.builder().baseUrl(penstock.uri() + "/v1").apiKey(key).build();
  }

  private static EmbeddingCreateParams.Builder request() {
    return EmbeddingCreateParams.builder().model(MODEL);
  }

  private static CreateEmbeddingResponse create(EmbeddingCreateParams.Builder request) {
    return client.embeddings().create(request.build());
  }

  private static float[] vector(CreateEmbeddingResponse response, int index) {
    List<Float> floats = response.data().get(index).embedding();
    float[] vector = new float[floats.size()];
    IntStream.range(0, vector.length).forEach(i -> vector[i] = floats.get(i));
    return vector;
  }

  @Test
  void oneTextAsFloatsAndAsBase64IsTheSameVector() {
    var floats = create(request().input(TEXT).encodingFormat(EncodingFormat.FLOAT));
    var base64 = create(request().input(TEXT).encodingFormat(EncodingFormat.BASE64));
    assertThat(vector(floats, 0)).hasSize(384);
    assertThat(vector(floats, 0)).containsExactly(vector(base64, 0));
    assertThat(floats.model()).isEqualTo(MODEL);
    assertThat(floats.usage().promptTokens()).isEqualTo(floats.usage().totalTokens()).isPositive();
    double length = Vectors.cosine(vector(floats, 0), vector(floats, 0));
    assertThat(length).isCloseTo(1, offset(1e-6));
  }

  @Test
  void manyTextsComeBackInTheirOrder() {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      texts.add("Sluice " + i + " " + "is open ".repeat(i % 17));
    }
    var many = create(request().inputOfArrayOfStrings(texts));
    assertThat(many.data()).hasSize(100);
    for (int i : List.of(0, 16, 50, 99)) {
      assertThat(many.data().get(i).index()).isEqualTo(i);
      var one = create(request().input(texts.get(i)));
      assertThat(Vectors.cosine(vector(many, i), vector(one, 0))).isGreaterThan(0.99999);
    }
  }

  @Test
  void dimensionsCutTheVectorAndItsLengthStaysOne() {
    var cut = create(request().input(TEXT).dimensions(64));
    var whole = create(request().input(TEXT));
    float[] short64 = vector(cut, 0);
    assertThat(short64).hasSize(64);
    double square = 0;
    for (float x : short64) {
      square += x * x;
    }
    assertThat(square).isCloseTo(1, offset(1e-5));
    float[] head = Arrays.copyOf(vector(whole, 0), 64);
    assertThat(Vectors.cosine(short64, head)).isGreaterThan(0.99999);
  }

  @Test
  void tokenIdsAsLangChainSendsThemGiveTheTextsVector() {
    var cl100k = Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.CL100K_BASE);
    List<Long> ids = cl100k.encode(TEXT).boxed().stream().map(Integer::longValue).toList();
    var tokens = create(request().inputOfArrayOfTokens(ids));
    var lists = create(request().inputOfArrayOfTokenArrays(List.of(ids, ids)));
    var text = create(request().input(TEXT));
    assertThat(Vectors.cosine(vector(tokens, 0), vector(text, 0))).isGreaterThan(0.99999);
    assertThat(Vectors.cosine(vector(lists, 1), vector(text, 0))).isGreaterThan(0.99999);
  }

  @Test
  void theOtherModelsWorkToo() {
    for (String model : List.of("all-minilm-l6-v2-q", "bge-small-en-v1.5-q")) {
      var response = create(EmbeddingCreateParams.builder().model(model).input(TEXT));
      assertThat(response.model()).isEqualTo(model);
      assertThat(vector(response, 0)).hasSize(384);
    }
  }

  @Test
  void modelsAreListedAndFoundByNameAndAlias() {
    assertThat(client.models().list().data()).extracting(Model::id).contains(MODEL);
    assertThat(client.models().retrieve(MODEL).id()).isEqualTo(MODEL);
    assertThat(client.models().retrieve("text-embedding-3-small").id()).isNotEmpty();
    assertThat(client.models().retrieve("sentence-transformers/all-MiniLM-L6-v2").id())
        .isNotEmpty();
  }

  @Test
  void badInputAndBadKeysBecomeTheClientsOwnExceptions() {
    assertThatExceptionOfType(BadRequestException.class)
        .isThrownBy(() -> create(request().input("")))
        .satisfies(e -> assertThat(e.param()).hasValue("input"));
    assertThatExceptionOfType(BadRequestException.class)
        .isThrownBy(() -> create(request().input(TEXT).dimensions(1_000)))
        .satisfies(e -> assertThat(e.param()).hasValue("dimensions"));
    assertThatExceptionOfType(NotFoundException.class)
        .isThrownBy(() -> create(EmbeddingCreateParams.builder().model("no-such").input(TEXT)))
        .satisfies(e -> assertThat(e.code()).hasValue("model_not_found"));
    assertThatExceptionOfType(NotFoundException.class)
        .isThrownBy(() -> client.models().retrieve("no-such"));
    OpenAIClient stranger = client("sk-wrong");
    assertThatExceptionOfType(UnauthorizedException.class)
        .isThrownBy(() -> stranger.embeddings().create(request().input(TEXT).build()))
        .satisfies(e -> assertThat(e.code()).hasValue("invalid_api_key"));
    stranger.close();
  }

  @Test
  void aTextThatIsTooLongIsCutOrRefusedAsAsked() {
    String text = "water ".repeat(2_000);
    assertThat(create(request().input(text)).usage().promptTokens()).isEqualTo(256);
    assertThatExceptionOfType(BadRequestException.class)
        .isThrownBy(() ->
            create(
                request()
                    .input(text)
                    .putAdditionalBodyProperty("truncate", JsonValue.from("error"))))
        .satisfies(e -> assertThat(e.code()).hasValue("context_length_exceeded"));
  }
}
