package dev.penstock.engine;

import dev.penstock.models.FieldReader;
import dev.penstock.models.ModelSource;
import dev.penstock.models.ModelSpec;
import java.util.Set;

/** The local backend, of which a test sees each opening before it happens. */
abstract class AroundLocal implements Backend {
  /** What comes first; thrown, it comes in place of the opening. */
  abstract void before() throws Exception;

  @Override
  public String name() {
    return Backends.local().name();
  }

  @Override
  public Set<String> kinds() {
    return Backends.local().kinds();
  }

  @Override
  public ModelSource read(FieldReader fields) {
    return Backends.local().read(fields);
  }

  @Override
  public ModelEngine open(ModelSpec spec, ModelSource source, EngineParts parts) throws Exception {
    before();
    return Backends.local().open(spec, source, parts);
  }
}
