package dev.penstock.engine.http;

import dev.penstock.engine.Backend;
import dev.penstock.engine.EngineParts;
import dev.penstock.engine.Generator;
import dev.penstock.models.FieldReader;
import dev.penstock.models.GenerationTraits;
import dev.penstock.models.ModelSource;
import dev.penstock.models.ModelSpec;
import java.util.Set;

/** Servers of one protocol. Opening a model asks nobody: a server may come later. */
public final class HttpBackend implements Backend {
  /** Any server that speaks as OpenAI does. */
  public static final HttpBackend OPENAI = new HttpBackend("openai", new OpenAiDialect(), Set.of());

  public static final HttpBackend OLLAMA =
      new HttpBackend("ollama", new OllamaDialect(), Set.of(SourceFields.KEEP_ALIVE));

  public static final HttpBackend ANTHROPIC =
      new HttpBackend("anthropic", new AnthropicDialect(), Set.of());

  private final String name;
  private final Dialect dialect;
  private final Set<String> more;

  /**
   * @param more keys of its entries that others do not have
   */
  private HttpBackend(String name, Dialect dialect, Set<String> more) {
    this.name = name;
    this.dialect = dialect;
    this.more = more;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Set<String> kinds() {
    return Set.of(GenerationTraits.KIND);
  }

  @Override
  public ModelSource read(FieldReader fields) {
    return new SourceFields(fields).read(name, more);
  }

  @Override
  public Generator open(ModelSpec spec, ModelSource source, EngineParts parts) {
    HttpSource server = (HttpSource) source;
    return new HttpGenerator(
        spec.name(),
        GenerationTraits.of(spec).contextTokens(),
        server,
        dialect,
        new Keys(server.key(), System::getenv));
  }
}
