package dev.penstock.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskOutput;
import java.io.IOException;

/** Writes results as the worker protocol has them: each task type knows its own. */
@FunctionalInterface
public interface ResultWriter {
  void write(JsonGenerator json, Lane lane, TaskOutput output) throws IOException;
}
