package dev.penstock.models;

import java.util.List;

/**
 * What models.yaml may hold.
 *
 * @param kinds the first is that of a model that names none
 * @param backends the first is that of a model's {@code source}
 */
public record ModelForms(List<ModelKind> kinds, List<? extends SourceReader> backends) {
  public ModelForms {
    kinds = List.copyOf(kinds);
    backends = List.copyOf(backends);
  }
}
