package org.example.wordcount;

import dev.penstock.task.Outcome;
import dev.penstock.task.Task;
import dev.penstock.task.TaskHandler;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Counts the words of a text, line by line. */
public final class WordCount implements TaskHandler {

  /** The input: {@code {"text": "…", "pause_ms": 50}}. */
  record Input(String text, int pauseMs) {}

  /** The result: {@code {"lines": 2, "words": 7, "different": 5}}. */
  record Result(int lines, int words, int different) {}

  @Override
  public String type() {
    return "word-count";
  }

  @Override
  public String inputSchema() {
    return """
    {
      "type": "object",
      "required": ["text"],
      "properties": {
        "text": {"type": "string", "maxLength": 1000000},
        "pause_ms": {"type": "integer", "minimum": 0, "maximum": 1000}
      },
      "additionalProperties": false
    }
    """;
  }

  @Override
  public String outputSchema() {
    return """
    {
      "type": "object",
      "required": ["lines", "words", "different"],
      "properties": {
        "lines": {"type": "integer"},
        "words": {"type": "integer"},
        "different": {"type": "integer"}
      }
    }
    """;
  }

  /** Counting keeps a core busy, so not too many at once. */
  @Override
  public int concurrency() {
    return 4;
  }

  @Override
  public Outcome run(Task task, Control control) throws InterruptedException {
    Input input = task.input(Input.class);
    if (input.text().isBlank()) {
      return Outcome.reject("a blank text has no words to count");
    }
    List<String> lines = input.text().lines().toList();
    Set<String> different = new HashSet<>();
    int words = 0;
    for (int i = 0; i < lines.size(); i++) {
      if (control.stopped()) {
        throw new InterruptedException();
      }
      for (String word : lines.get(i).strip().split("\\s+")) {
        if (!word.isEmpty()) {
          words++;
          different.add(word.toLowerCase(Locale.ROOT));
        }
      }
      control.progress(i + 1, lines.size(), "lines");
      Thread.sleep(input.pauseMs()); // only so that there is something to watch
    }
    return Outcome.done(new Result(lines.size(), words, different.size()));
  }
}
