package dev.penstock.models;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/**
 * What a model of some kind says of itself, whoever runs it: a record for each kind. Equal ones
 * give equal results.
 */
public interface ModelTraits {
  /** The name of the kind. */
  String kind();

  /** In a few words, for the log. */
  String summary();

  /** Writes the members that clients see of the model, into an open object. */
  void write(JsonGenerator json) throws IOException;
}
