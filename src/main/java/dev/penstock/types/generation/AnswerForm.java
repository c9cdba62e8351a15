package dev.penstock.types.generation;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.task.TaskOutput;
import dev.penstock.types.TaskType.Form;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Answers as they are kept. Whose they are is their last member, and may be told before them. */
final class AnswerForm implements Form {
  private static final Pattern BACKEND = Pattern.compile("\"backend\":\"([!-~&&[^\"\\\\]]+)\"}$");
  private static final int TAIL = 300;

  @Override
  public void write(JsonGenerator json, TaskOutput output, @Nullable String model)
      throws IOException {
    JSON.write(json, output, model);
  }

  @Override
  public Map<String, String> headers(TaskOutput output) {
    byte[] bytes = output.bytes();
    int from = Math.max(0, bytes.length - TAIL);
    String tail = new String(bytes, from, bytes.length - from, StandardCharsets.UTF_8);
    Matcher backend = BACKEND.matcher(tail);
    return backend.find() ? Map.of("x-backend", backend.group(1)) : Map.of();
  }
}
