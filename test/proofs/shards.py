"""What Spark does in the proof of shards: one task a shard with its exit code checked, and what `rdd.pipe` makes of a failure."""
import subprocess
import sys

from pyspark.sql import SparkSession

what, node, script, shards, folder = sys.argv[1:6]
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.ui.enabled", "false")
    .config("spark.log.level", "ERROR")
    .getOrCreate()
)
context = spark.sparkContext
if what == "run":

    def run_shard(shard):
        command = [node, script, "batch", "--manifest", "m.json", "--shard", str(shard), "-p", "policy.yaml"]
        subprocess.run(command + ["--keys", "keys.json", "-o", folder, "--workers", "1", "-q"], check=True)
        return shard

    done = context.parallelize(range(int(shards)), int(shards)).map(run_shard).collect()
    print(len(done))
elif what == "read":
    print(spark.read.json(folder + "/*.ndjson").count())
else:
    # A process that ends with an error after ten lines: ten lines and success.
    failing = "sh -c 'head -n 10; exit 3'"
    print(context.parallelize([f"row {n}" for n in range(1000)], 1).pipe(failing).count())
spark.stop()
