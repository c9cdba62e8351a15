package dev.penstock.engine.mirror;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.models.FieldReader;
import dev.penstock.models.ModelKind;
import dev.penstock.models.ModelSpec;
import dev.penstock.models.ModelTraits;
import java.io.IOException;
import java.util.Set;

/**
 * What a mirror is like: it gives a text back, the last letter first.
 *
 * @param longest the most letters that it takes
 */
public record MirrorTraits(int longest) implements ModelTraits {
  public static final String KIND = "mirror";

  public static MirrorTraits of(ModelSpec spec) {
    return (MirrorTraits) spec.traits();
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public String summary() {
    return "texts of at most " + longest + " letters";
  }

  @Override
  public void write(JsonGenerator json) throws IOException {
    json.writeNumberField("longest", longest);
  }

  /** Reads mirrors out of models.yaml. */
  public static final class Kind implements ModelKind {
    @Override
    public String name() {
      return KIND;
    }

    @Override
    public Set<String> keys() {
      return Set.of("longest");
    }

    @Override
    public MirrorTraits read(FieldReader fields) {
      return new MirrorTraits(fields.whole("longest", 1, 1_000));
    }
  }
}
