package org.trlm.engine.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CheckpointBytesTest {

  @Test
  void numbersAndTextAreReadAcrossSlices() throws IOException {
    long seed = 20260101;
    System.out.println("CheckpointBytesTest seed " + seed);
    byte[] bytes = new byte[100];
    new Random(seed).nextBytes(bytes);
    ByteBuffer expected = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int sliceBytes : new int[] {1, 3, 8, 99, 100, 101}) {
      CheckpointBytes read = read(bytes, bytes.length, sliceBytes);
      assertThat(read.length()).isEqualTo(100);
      assertThat(read.stream(3, 90).readAllBytes())
          .isEqualTo(java.util.Arrays.copyOfRange(bytes, 3, 93));
      for (int at = 0; at <= 92; at++) {
        assertThat(read.byteAt(at)).isEqualTo(bytes[at]);
        assertThat(read.intAt(at)).isEqualTo(expected.getInt(at));
        assertThat(read.longAt(at)).isEqualTo(expected.getLong(at));
      }
      assertThatThrownBy(() -> read.intAt(97)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> read.byteAt(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void anEarlyEndAndALateOneAreNamed() {
    assertThatThrownBy(() -> read(new byte[10], 11, 4))
        .isInstanceOf(WeightFormatException.class)
        .hasMessage("a/file ended after 10 of 11 bytes. Copy or download it again.");
    assertThatThrownBy(() -> read(new byte[10], 9, 4))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("a/file goes on after its 9 bytes");
  }

  @Test
  void javaSerialisationKeepsBytesInBulk() throws Exception {
    byte[] bytes = new byte[1 << 20];
    new Random(7).nextBytes(bytes);
    CheckpointBytes original = read(bytes, bytes.length, 300_000);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ObjectOutputStream objects = new ObjectOutputStream(out)) {
      objects.writeObject(original);
    }
    assertThat(out.size()).isBetween(bytes.length, bytes.length + 1000);
    try (ObjectInputStream objects =
        new ObjectInputStream(new ByteArrayInputStream(out.toByteArray()))) {
      CheckpointBytes copy = (CheckpointBytes) objects.readObject();
      assertThat(copy.name()).isEqualTo("a/file");
      assertThat(copy.copy(0, bytes.length)).isEqualTo(bytes);
    }
  }

  private static CheckpointBytes read(byte[] bytes, long length, int sliceBytes)
      throws IOException {
    return CheckpointBytes.read(new ByteArrayInputStream(bytes), length, "a/file", sliceBytes);
  }
}
