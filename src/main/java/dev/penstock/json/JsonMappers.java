package dev.penstock.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.BufferRecycler;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import com.fasterxml.jackson.core.util.RecyclerPool;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;

/**
 * The ways in which JSON is read and written here, each once: a mapper keeps tables of its own.
 * Strings may be of any length: what they come in has a limit.
 */
public final class JsonMappers {
  /** Buffers of 200 KB at most: longer ones are not kept. */
  private static final int MOST_BUFFERS = 64;

  /**
   * The buffers of all mappers. Jackson would keep some for each thread, but a virtual thread ends
   * with its request, and its buffers with it.
   */
  private static final RecyclerPool<BufferRecycler> BUFFERS =
      JsonRecyclerPools.newBoundedPool(MOST_BUFFERS);

  static final int MAX_DEPTH = 32;

  /** Files of models are a dozen levels deep at most, and native code reads some of them, too. */
  static final int MAX_FILE_DEPTH = 64;

  static final int MAX_NUMBER = 100;
  static final int MAX_KEY = 1_000;

  /** A node of a tree costs many times its bytes in the body. Token ids alone may be 300,000. */
  private static final long MAX_TOKENS = 1_000_000;

  /** For what is ours, or the operator's. */
  public static final JsonMapper PLAIN =
      JsonMapper.builder(factory(StreamReadConstraints.builder()).build()).build();

  /** For a file that has one value, and nothing after it. */
  public static final JsonMapper WHOLE =
      JsonMapper.builder(factory(StreamReadConstraints.builder()).build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** As {@link #WHOLE}, and numbers come out as they came in: times keep their digits. */
  public static final JsonMapper EXACT =
      JsonMapper.builder(factory(StreamReadConstraints.builder()).build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .enable(JsonGenerator.Feature.WRITE_BIGDECIMAL_AS_PLAIN)
          .build();

  /** Writes ASCII alone: UTF-8 has no form for half a surrogate pair. */
  public static final JsonMapper ASCII =
      JsonMapper.builder(
              factory(StreamReadConstraints.builder())
                  .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
                  .build())
          .build();

  /**
   * For files that come with a model, from anybody: long, with many keys, and not nested deeply.
   */
  public static final JsonMapper FILES =
      JsonMapper.builder(
              forgetful(StreamReadConstraints.builder().maxNestingDepth(MAX_FILE_DEPTH)).build())
          .build();

  /** For what strangers send, within limits. */
  static final JsonMapper STRICT =
      JsonMapper.builder(
              forgetful(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxNumberLength(MAX_NUMBER)
                          .maxTokenCount(MAX_TOKENS)
                          .maxNameLength(MAX_KEY))
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** For what strangers send and is passed on unread, as a handler on a node may return it. */
  static final JsonMapper UNREAD =
      JsonMapper.builder(forgetful(StreamReadConstraints.builder()).build()).build();

  private JsonMappers() {}

  private static JsonFactoryBuilder factory(StreamReadConstraints.Builder limits) {
    return new JsonFactoryBuilder()
        .recyclerPool(BUFFERS)
        .streamReadConstraints(limits.maxStringLength(Integer.MAX_VALUE).build());
  }

  /** A stranger's keys must not fill tables that outlive the request. */
  private static JsonFactoryBuilder forgetful(StreamReadConstraints.Builder limits) {
    return factory(limits)
        .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
        .disable(JsonFactory.Feature.INTERN_FIELD_NAMES);
  }
}
