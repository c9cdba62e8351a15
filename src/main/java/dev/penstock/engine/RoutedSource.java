package dev.penstock.engine;

import dev.penstock.models.ModelSource;

/** A server that runs a model, and may be one of several. */
public interface RoutedSource extends ModelSource {
  RouteTerms route();

  /** Its name or address. */
  String host();
}
