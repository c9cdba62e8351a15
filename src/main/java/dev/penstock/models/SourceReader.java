package dev.penstock.models;

import java.util.Set;

/** A backend, as models.yaml names it, and how it tells where its models are. */
public interface SourceReader {
  /** The key of its entry. */
  String name();

  /** The kinds of model that it runs, by name. */
  Set<String> kinds();

  /** Reads its entry. What is wrong with it goes to the reader. */
  ModelSource read(FieldReader fields);
}
