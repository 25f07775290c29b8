package org.trlm.job.output;

import java.io.IOException;
import org.apache.spark.sql.types.StructType;

/**
 * Where whole waves are carried over to. Driver only; {@link #resume} and {@link #publish} are
 * called by the one run that holds the output's lease.
 */
public interface Publication {
  /** Readers read the waves themselves. */
  Publication NONE =
      new Publication() {
        @Override
        public void check(StructType columns) {
          // waves take what Spark's writers take
        }

        @Override
        public void resume() {
          // nothing was begun
        }

        @Override
        public void publish() {
          // whole waves are visible
        }
      };

  /**
   * Called before anything is answered.
   *
   * @param columns of the answers
   * @throws org.trlm.job.JobException when the place cannot take them
   */
  void check(StructType columns);

  /** Ends what a killed run has begun; called before anything is changed among the waves. */
  void resume() throws IOException;

  /** Carries over what is whole; called when the waves are what they are to be. */
  void publish() throws IOException;
}
