package dev.penstock.models;

import java.util.Set;

/** A kind of model, and how models.yaml tells what its models are like. */
public interface ModelKind {
  String name();

  /** The keys that it adds to those of every model. */
  Set<String> keys();

  /** What a model says of itself. What is wrong with it goes to the reader. */
  ModelTraits read(FieldReader fields);
}
