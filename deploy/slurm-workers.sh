#!/bin/bash
#SBATCH --job-name=course-workers
#SBATCH --ntasks=4
#SBATCH --cpus-per-task=4
#SBATCH --mem-per-cpu=2G
#SBATCH --time=04:00:00
# Dask workers, one a task: sbatch slurm-workers.sh tls://HOST:8786
# The course, its environment and the certificates lie at the same paths on each node.
set -euo pipefail
scheduler=${1:?usage: sbatch slurm-workers.sh tls://HOST:8786}
export DASK_CONFIG=/etc/course/dask-tls.yaml
cd /srv/course
srun --kill-on-bad-exit=0 .venv/bin/dask worker "$scheduler" --protocol tls \
    --nthreads "$SLURM_CPUS_PER_TASK" --no-dashboard --local-directory "${TMPDIR:-/tmp}"
