package dev.penstock.metrics;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bounds how many meters have one name: labels come from small sets, and where one does not after
 * all, the rest is not measured rather than kept for ever.
 */
public final class MeterLimit implements MeterFilter {
  private static final Logger LOG = LoggerFactory.getLogger(MeterLimit.class);

  private final int most;
  private final Map<String, Set<Meter.Id>> known = new ConcurrentHashMap<>();
  private final Set<String> said = ConcurrentHashMap.newKeySet();

  public MeterLimit(int most) {
    this.most = most;
  }

  @Override
  public MeterFilterReply accept(Meter.Id id) {
    Set<Meter.Id> family = known.computeIfAbsent(id.getName(), _ -> ConcurrentHashMap.newKeySet());
    // Some are made again and again, under the same labels.
    if (family.contains(id) || family.size() < most) {
      family.add(id);
      return MeterFilterReply.NEUTRAL;
    }
    if (said.add(id.getName())) {
      LOG.warn("there are {} meters named {} already: no more are kept", most, id.getName());
    }
    return MeterFilterReply.DENY;
  }
}
