package org.trlm.job.faults;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Constructor;
import java.net.URI;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * The local file system as {@code faulty:/path}, with a {@link Fault}. It refuses as Hadoop's own
 * does: a failed write is an {@link FSError}, a directory that cannot be made is a false. Hadoop
 * finds it through META-INF/services.
 */
public final class FaultyFileSystem extends LocalFileSystem {
  private static final String SCHEME = "faulty";
  private static volatile Fault fault = Fault.ofThisJvm();

  public FaultyFileSystem() {
    super(new Raw());
  }

  /** What goes wrong from now on in this JVM. */
  public static void set(Fault next) {
    fault = next;
  }

  /** A path of the local file system as one of this. */
  public static String path(java.nio.file.Path local) {
    return SCHEME + ":" + local.toAbsolutePath();
  }

  @Override
  public String getScheme() {
    return SCHEME;
  }

  private static final class Raw extends RawLocalFileSystem {
    @Override
    public URI getUri() {
      return URI.create(SCHEME + ":///");
    }

    @Override
    protected OutputStream createOutputStreamWithMode(
        Path file, boolean append, FsPermission permission) throws IOException {
      fault.beforeCreate(file);
      OutputStream out = super.createOutputStreamWithMode(file, append, permission);
      return new FilterOutputStream(out) {
        @Override
        public void write(int value) throws IOException {
          write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int start, int length) throws IOException {
          try {
            fault.beforeWrite(file, length);
          } catch (IOException e) {
            throw error(e);
          }
          out.write(bytes, start, length);
        }
      };
    }

    /** Only Hadoop's own package may make one. */
    private static FSError error(IOException cause) {
      try {
        Constructor<FSError> constructor = FSError.class.getDeclaredConstructor(Throwable.class);
        constructor.setAccessible(true);
        return constructor.newInstance(cause);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public boolean rename(Path from, Path to) throws IOException {
      return fault.beforeRename(from, to) && super.rename(from, to);
    }

    @Override
    public boolean delete(Path path, boolean recursive) throws IOException {
      return (!exists(path) || fault.beforeDelete(path)) && super.delete(path, recursive);
    }

    @Override
    public boolean mkdirs(Path directory) throws IOException {
      return (exists(directory) || fault.beforeMakeDirectory(directory)) && super.mkdirs(directory);
    }
  }
}
