package dev.penstock.storage;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** What every task store must do. */
public abstract class TaskStoreContract
    implements InsertContract,
        IdentityContract,
        LeaseContract,
        SettleContract,
        StepsContract,
        TimeContract,
        CancelContract,
        ChoresContract,
        ClockContract,
        RetryContract,
        StartBeforeContract,
        ListContract,
        HistoryContract,
        CheckpointContract,
        AwaitContract,
        WakeContract,
        ChildrenContract,
        AbandonContract,
        ChildRecordsContract,
        FiguresContract,
        RoomContract,
        GlanceContract {
  private final SettableClock clock = new SettableClock();
  private TaskStore store;

  /** Opens the store of this test: empty at first, then with what was there when it was closed. */
  protected abstract TaskStore open(SettableClock clock) throws Exception;

  /** Closes the store and all it stands on. */
  protected abstract void shutDown() throws Exception;

  @BeforeEach
  void openStore() throws Exception {
    store = open(clock);
  }

  @AfterEach
  void closeStore() throws Exception {
    shutDown();
  }

  @Override
  public SettableClock clock() {
    return clock;
  }

  @Override
  public TaskStore store() {
    return store;
  }

  @Override
  public void restart() throws Exception {
    shutDown();
    reopen();
  }

  /** Opens the store again after {@link #shutDown}. */
  protected final void reopen() throws Exception {
    store = open(clock);
  }
}
