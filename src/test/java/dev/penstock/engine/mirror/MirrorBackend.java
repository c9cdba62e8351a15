package dev.penstock.engine.mirror;

import dev.penstock.engine.Backend;
import dev.penstock.engine.EngineParts;
import dev.penstock.models.FieldReader;
import dev.penstock.models.ModelSource;
import dev.penstock.models.ModelSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/** A backend that has no files: its mirrors are made when they are opened. */
public final class MirrorBackend implements Backend {
  /** Every mirror that was opened. */
  public final List<Mirror> opened = Collections.synchronizedList(new ArrayList<>());

  private enum Place {
    HERE,
    AWAY
  }

  /**
   * A mirror of models.yaml.
   *
   * @param slots so many texts are in it at once
   */
  private record Source(Place place, int slots) implements ModelSource {
    @Override
    public String backend() {
      return "glass";
    }
  }

  @Override
  public String name() {
    return "glass";
  }

  @Override
  public Set<String> kinds() {
    return Set.of(MirrorTraits.KIND);
  }

  @Override
  public ModelSource read(FieldReader fields) {
    fields.only(Set.of("place", "slots"));
    return new Source(fields.oneOf("place", Place.class, Place.HERE), fields.whole("slots", 1, 64));
  }

  @Override
  public Mirror open(ModelSpec spec, ModelSource source, EngineParts parts) throws IOException {
    Source given = (Source) source;
    if (given.place == Place.AWAY) {
      throw new IOException("nobody is there");
    }
    Mirror mirror = new Mirror(spec.name(), given.slots, parts.runs());
    opened.add(mirror);
    return mirror;
  }
}
